"""Proves the functions of a run on the layers that it built."""

import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from functools import cache, partial
from pathlib import Path

from pydantic import TypeAdapter

from layer_builder import parallel
from layer_builder.console import Reporter
from layer_builder.errors import ManifestError, Problem
from layer_builder.functions.distribution_use import distribution_uses
from layer_builder.functions.events import read_events
from layer_builder.functions.function_prover import FunctionProver, Tried
from layer_builder.functions.own_code import OwnCode
from layer_builder.functions.proof_key import proof_key
from layer_builder.functions.stacks import StackToProve
from layer_builder.functions.verdict import Scene
from layer_builder.keeping import SignedNotes
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Event, FileToInclude, FunctionProof, Layer, Stack, Target
from layer_builder.prove import FindProver, Prover, prover_for
from layer_builder.runtime import (
    CommandResult,
    FunctionProcess,
    LayerTree,
    StackFolder,
    run_test_command,
)
from layer_builder.sources import Workspace, collect_files
from layer_builder.timing import Clock


@cache
def _proofs() -> TypeAdapter[FunctionProof]:
    return TypeAdapter(FunctionProof)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What came of the functions that were tried."""

    proofs: tuple[FunctionProof, ...] = ()
    errors: Mapping[str, tuple[Problem, ...]] = field(default_factory=dict)
    """What is wrong, by the key of the stack."""
    lost: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By the same: files below /opt that pruning took, and by whom they were opened."""


@dataclass(frozen=True, kw_only=True)
class FunctionProofs:
    """Proves functions: all that it takes from the run."""

    folder: Path
    """Takes their folders, for as long as the run needs the layers' trees."""
    workspace: Workspace
    shown: Callable[[Path], str]
    """Names a file of the workspace as the manifest is named."""
    find_prover: FindProver
    reporter: Reporter
    notes: SignedNotes
    """Keeps the proofs of earlier runs."""
    content_of: Callable[[str], str]
    """Gives a digest of what a layer, by its id, brings to /opt, and unpacks nothing."""
    tree_of: Callable[[str], LayerTree]
    """Gives what it brings; of a zip that was taken from the cache it is unpacked now."""
    files_of: Callable[[str], Sequence[FileToInclude]]
    """Gives the workspace's files in a layer, by its id."""
    install_unpruned: Callable[[str, Path], Path | None]
    """Installs a layer, by its id, unpruned below a new folder; None where that cannot be had."""
    install_sdk: Callable[[Target, Path], Path]
    """Installs what stands in for the runtime's SDK below a new folder."""
    install_tools: Callable[[Stack, Path], Path]
    """Installs what a function's test-command requires below a new folder."""
    layers: Sequence[Layer] = ()
    """All of the run, to say who else has a module."""
    workers: int = 1
    """How many are proven at the same time, but those that are timed."""
    sdks: dict[str, Path] = field(default_factory=dict)
    """What stands in for the runtime's SDK, by target."""
    unproven: set[str] = field(default_factory=set)
    """Keys of stacks that could not be tried to the end, or that something was warned of."""
    untried: set[str] = field(default_factory=set)
    """Keys of stacks that there is no Python for."""
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def prove(self, stacks: Sequence[StackToProve]) -> Attempt:
        """Try to prove them. Raises ManifestError for events."""
        events, problems = {}, list[Problem]()
        for item in stacks:
            events[item.stack.key], wrong = read_events(item.stack, self.workspace)
            problems += wrong
        if problems:
            raise ManifestError(*problems)
        proofs = list[FunctionProof]()
        errors, lost = dict[str, tuple[Problem, ...]](), dict[str, Mapping[str, str]]()

        def prove_one(item: StackToProve) -> Callable[[], Tried] | None:
            with self._clock(item).step("prove"):
                return self._prove_one(item, events[item.stack.key])

        # What is timed runs one after the other, and after all else.
        finishing = parallel.each(prove_one, stacks, self.workers)
        for item, finish in zip(stacks, finishing, strict=True):
            if finish is None:
                continue
            with self._clock(item).step("time"):
                tried = finish()
            for warning in tried.warnings:
                self.reporter.warn(warning)
            if tried.errors:
                errors[item.stack.key], lost[item.stack.key] = tried.errors, tried.lost
            if tried.proof:
                proofs.append(tried.proof)
                for line in tried.proof.lines():
                    self.reporter.step(tried.proof.function, line)
        return Attempt(proofs=tuple(proofs), errors=errors, lost=lost)

    def _clock(self, item: StackToProve) -> Clock:
        return Clock(partial(self.reporter.progress, f"function {item.stack.key}"))

    def _prove_one(self, item: StackToProve, events: Sequence[Event]) -> Callable[[], Tried] | None:
        """Try a function; gives what times its start, and tells of it. None where nothing was tried."""
        stack, settings = item.stack, item.stack.settings
        code = collect_files(self.workspace, settings.code, ())
        if code.problems:
            raise ManifestError(*code.problems)
        own = OwnCode.of([self.files_of(layer.id) for layer in item.importing], code.files)
        if not (own.python_files or settings.is_tried):
            return None
        prover = self._prover(item)
        if prover is None:
            self.untried.add(stack.key)
            self.reporter.warn(_untried(item))
            return None
        contents = [self.content_of(layer.id) for layer in stack.layers]
        key = proof_key(stack, prover.path, contents, own, events)
        known = self._known(stack, key, prover)
        if known and not settings.test:
            self.reporter.step(
                stack.key, "an earlier run proved it, with the same zips, code and events"
            )
            return lambda: Tried(proof=known)
        trees = [self.tree_of(layer.id) for layer in stack.layers]
        place = self._place()
        bytecode = place / "bytecode"
        process = FunctionProcess(
            stack=stack,
            folder=StackFolder.merge(trees, code.files, place),
            python=Path(prover.path),
            required=not prover.leave,
            libraries=prover.libraries,
        )
        bytecode.mkdir()
        scene = Scene(
            stack=stack,
            title=item.title,
            own=own,
            shown=self.shown,
            layers_with=self._layers_with,
        )
        trial = FunctionProver(
            scene=scene,
            process=process,
            caches=(bytecode, *(one for tree in reversed(trees) for one in tree.bytecode)),
            unpruned=lambda: self._unpruned(process, code.files),
            removed=_removed_from(process.folder.opt),
            runtime=lambda: self._sdk(stack.target),
            test=self._test(stack),
            uses=lambda loaded: distribution_uses(
                process.folder, [(o.key, self.tree_of(o.id)) for o in stack.layers], loaded
            ),
        )
        tried = trial.run(events)
        return lambda: self._timed(trial, tried, key)

    def _timed(self, prover: FunctionProver, tried: Tried, key: str) -> Tried:
        """Time the start of what was proven, and keep that for later runs."""
        stack = prover.process.stack
        timed = prover.with_cost(tried)
        if timed.warnings or not timed.proof:
            self.unproven.add(stack.key)
        elif not stack.settings.test:
            text = _proofs().dump_json(timed.proof).decode()
            self.notes.keep(self._about(stack), f"{key}\n{text}")
        return timed

    def _about(self, stack: Stack) -> str:
        return f"function {stack.key} of {self.workspace.base}"

    def _known(self, stack: Stack, key: str, prover: Prover) -> FunctionProof | None:
        of_key, _, text = self.notes.find(self._about(stack)).partition("\n")
        proof = _proofs().validate_json(text) if text and of_key == key else None
        return proof if proof and (proof.is_isolated or bool(prover.leave)) else None

    def _test(self, stack: Stack) -> Callable[[FunctionProcess], CommandResult] | None:
        test = stack.settings.test
        if test is None:
            return None
        sources = collect_files(self.workspace, test.sources, ())
        if sources.problems:
            raise ManifestError(*sources.problems)
        tools = self.install_tools(stack, self._place()) if test.requires else None
        return lambda process: run_test_command(process, test, sources.files, tools)

    def _prover(self, item: StackToProve) -> Prover | None:
        layers = item.stack.layers
        prover = prover_for(layers[0], self.find_prover, any_architecture=False)
        allowed = any(layer.unisolated for layer in layers)
        return prover.with_leave("proof: {unisolated: allow}") if prover and allowed else prover

    def _place(self) -> Path:
        return Path(tempfile.mkdtemp(prefix="function-", dir=self.folder))

    def _unpruned(
        self, process: FunctionProcess, code: Sequence[FileToInclude]
    ) -> FunctionProcess | None:
        place = self._place()
        trees = []
        for layer in process.stack.layers:
            pruned = self.tree_of(layer.id)
            whole = self.install_unpruned(layer.id, place / layer.key)
            if whole is None:
                return None
            trees.append(replace(pruned, python=whole))
        folder = StackFolder.merge(trees, code, place / "merged")
        return replace(process, folder=replace(folder, runtime=process.folder.runtime))

    def _sdk(self, target: Target) -> Path:
        with self._lock:
            if target.label not in self.sdks:
                self.sdks[target.label] = self.install_sdk(target, self._place())
            return self.sdks[target.label]

    def _layers_with(self, module: str) -> set[str]:
        found = set()
        for layer in self.layers:
            root = self.tree_of(layer.id).python
            path = root.joinpath(*module.split("."))
            if (
                path.is_dir()
                or path.with_suffix(".py").is_file()
                or (any(path.parent.glob(f"{path.name}.*.so")) if path.parent.is_dir() else False)
            ):
                found.add(layer.key)
        return found


def _removed_from(opt: Path) -> Callable[[Path, frozenset[str]], list[str]]:
    """Tell which files that were opened on the unpruned layers the pruned ones lack."""

    def removed(unpruned: Path, opened: frozenset[str]) -> list[str]:
        return sorted(
            path for path in opened
            if (unpruned / path).is_file() and not (opt / path).exists()
        )  # fmt: skip

    return removed


def _untried(item: StackToProve) -> Problem:
    target, handler = item.stack.target, item.stack.settings.handler
    what = f"{handler.text} was not tried" if handler else "its own modules were not imported"
    return Problem(
        message=f"{item.title}: {what}: no {target.runtime} for {target.architecture} on this"
        " machine",
        place=item.stack.place,
        advice=(
            f"run on {target.architecture} with python{target.python} on PATH"
            " (in a workflow: actions/setup-python)",
        ),
    )
