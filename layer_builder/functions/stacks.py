"""What is proven: the stacks of functions, those of layers without one, and the workspace's code in them."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from layer_builder.archive import sha256_of
from layer_builder.model import (
    Event,
    FileToInclude,
    FunctionSettings,
    Layer,
    ProofDepth,
    Stack,
    required_layers,
)
from layer_builder.prune import module_name


@dataclass(frozen=True, kw_only=True)
class StackToProve:
    """A stack, and what to call it."""

    stack: Stack
    title: str
    """`function api`, or `layer shared-code` where no function has it."""

    @property
    def importing(self) -> tuple[Layer, ...]:
        """The layers whose own modules are imported: nobody asked to run nothing of them."""
        unproven = {ProofDepth.STATIC, ProofDepth.OFF}
        return tuple(layer for layer in self.stack.layers if layer.proof not in unproven)


def stacks_to_prove(
    layers: Sequence[Layer], functions: Sequence[Stack], ties: Sequence[Stack]
) -> list[StackToProve]:
    """List the functions of a run, and for each layer that no function has, what it requires.

    `ties` are all functions of the manifest: a layer that one of them has is proven with it, or not
    in this run.
    """
    in_functions = {layer.id for stack in ties for layer in stack.layers}
    by_id = {layer.id: layer for layer in layers}
    requires = {layer.key: layer.requires for layer in layers}
    found = [
        StackToProve(stack=stack, title=f"function {stack.key}")
        for stack in functions
        if stack.settings.is_tried or stack.settings.code or any(o.include for o in stack.layers)
    ]
    for layer in layers:
        if layer.id in in_functions or not layer.include:
            continue
        below = (replace(layer, key=key).id for key in required_layers(layer.key, requires))
        members = (*(by_id[name] for name in reversed(list(below)) if name in by_id), layer)
        stack = Stack(
            key=layer.key, function_name=None, layers=members, reserve=0, place=layer.place
        )
        found.append(StackToProve(stack=stack, title=f"layer {layer.key}"))
    return found


@dataclass(frozen=True, kw_only=True)
class OwnCode:
    """The workspace's files in a stack, by where they lie there: `opt/…` or `task/…`."""

    sources: Mapping[str, Path] = field(default_factory=dict)
    modules: Mapping[str, str] = field(default_factory=dict)
    """The path by the module's name, for those that are in a layer."""

    @classmethod
    def of(
        cls, layers: Sequence[Sequence[FileToInclude]], code: Sequence[FileToInclude]
    ) -> "OwnCode":
        """Gather the files of a stack's layers, whose modules are imported, and of its function."""
        sources: dict[str, Path] = {}
        modules: dict[str, str] = {}
        for files in layers:
            for file in files:
                sources[f"opt/{file.path}"] = file.source
                inner = file.path.removeprefix("python/")
                name = module_name(inner) if inner != file.path else None
                if name and not name.endswith("__main__") and file.path.endswith(".py"):
                    modules[name] = f"opt/{file.path}"
        sources |= {f"task/{file.path}": file.source for file in code}
        return cls(sources=sources, modules=modules)

    @property
    def python_files(self) -> tuple[str, ...]:
        """The paths of Python sources, as the target's Python is to compile them."""
        return tuple(
            sorted(
                path
                for path in self.sources
                if path.endswith(".py") and path.startswith(("opt/python/", "task/"))
            )
        )


def proof_key(
    stack: Stack, python: str, zips: Sequence[str], own: OwnCode, events: Sequence[Event]
) -> str:
    """Give a digest of all that a proof rests on: a stack with the same one is proven already.

    `python` is the path of the interpreter, `zips` are the SHA-256 of the layers.
    """
    settings = stack.settings
    parts = (
        stack.key, stack.function_name, stack.target.label, python, list(zips), _without_places(settings),
        [(event.name, event.body, event.expect) for event in events],
        [(path, sha256_of(source)) for path, source in sorted(own.sources.items())],
    )  # fmt: skip
    return f"function {hashlib.sha256(repr(parts).encode()).hexdigest()}"


def _without_places(settings: FunctionSettings) -> str:
    """Write settings without their lines in the manifest."""
    return repr((
        [(include.source, include.to) for include in settings.code],
        settings.handler and settings.handler.text, settings.environment, settings.timeout,
    ))  # fmt: skip
