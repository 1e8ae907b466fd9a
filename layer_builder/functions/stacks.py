"""What is proven: the stacks of functions, those of layers without one, and the workspace's code in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from layer_builder.model import FileToInclude, Layer, ProofDepth, Stack, required_layers
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
