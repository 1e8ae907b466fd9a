"""Proves one function: its own code compiles and imports, its handler starts, its events are answered."""

import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path

from layer_builder.errors import Problem
from layer_builder.functions.init_cost import measure_init
from layer_builder.functions.verdict import Scene
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import (
    DistributionUse,
    Event,
    EventResult,
    EventVerdict,
    FunctionProof,
)
from layer_builder.runtime import (
    CommandResult,
    Fault,
    FunctionProcess,
    Invocation,
    InvocationResult,
)

_RUNTIME = frozenset({"boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3"})
"""What Lambda's runtime brings besides the standard library:
https://docs.aws.amazon.com/lambda/latest/dg/python-package.html#python-package-searchpath"""
_SHOWN_CHARACTERS = 2000


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What came of a function: a proof, or what is wrong with it."""

    proof: FunctionProof | None
    """None where it could not be tried to the end."""
    errors: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    lost: Mapping[str, str] = field(default_factory=dict)
    """Files below /opt that it opened on the unpruned layers, and the pruned ones lack; by whom."""


@dataclass(kw_only=True)
class FunctionProver:
    """Tries one function on its stack; on the unpruned one what fails."""

    scene: Scene
    process: FunctionProcess
    caches: tuple[Path, ...]
    """The first takes bytecode; the others have that of the layers' proofs."""
    unpruned: Callable[[], FunctionProcess | None]
    """Gives the same on the unpruned layers; None where those cannot be had."""
    runtime: Callable[[], Path]
    """Gives what stands in for the runtime's SDK; asked for when something needs it."""
    removed: Callable[[Path, frozenset[str]], list[str]]
    """Of the files opened on the unpruned layers, those that the pruned ones lack."""
    test: Callable[[FunctionProcess], CommandResult] | None = None
    """Runs the function's test-command."""
    uses: Callable[[Collection[str]], tuple[DistributionUse, ...]] = lambda _: ()
    """Tells how much of each distribution these files, which were loaded, are."""
    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    isolated: list[tuple[str, ...]] = field(default_factory=list)
    version: str = ""
    is_lacking: bool = False
    """Whether it needs what is in layers of others, which are not here."""
    lost: dict[str, str] = field(default_factory=dict)
    _tries: list[InvocationResult] = field(default_factory=list)
    """In which the handler was imported."""
    _sources: tuple[str, ...] = ()
    """Of the workspace, still to be compiled."""
    _refused: set[str] = field(default_factory=set)
    """Of the workspace, those that do not compile."""

    def run(self, events: Sequence[Event]) -> Tried:
        """Try it; raises ProofError where nothing may run."""
        begin = time.monotonic()
        self._sources = self.scene.own.python_files
        settings = self.process.stack.settings
        handler = settings.handler
        results = self._events(handler.text, events) if handler else []
        own = self._own_code(handler.text if handler else None)
        if self.test and not self.errors:
            self._test_command(self.test)
        proof = FunctionProof(
            function=self.process.stack.key,
            handler=handler.text if handler else None,
            events=tuple(results),
            own_modules=tuple(own),
            interpreter=self.version,
            isolated=tuple(sorted(set.intersection(*map(set, self.isolated)))) if self.isolated else (),
            in_place=self.process.in_place,
            test_command=settings.test.command.text if settings.test else None,
            loaded=tuple(sorted(self._loaded)),
            seconds=round(time.monotonic() - begin, 3),
        )  # fmt: skip
        if not proof.is_isolated:
            self.warnings.append(self.scene.of_unisolated(proof))
        return Tried(
            proof=None if self.errors or self.is_lacking else proof,
            errors=tuple(self.errors),
            warnings=tuple(self.warnings),
            lost=self.lost,
        )

    def with_cost(self, tried: Tried) -> Tried:
        """Time the start of what was proven; to be called while little else runs."""
        handler = self.process.stack.settings.handler
        if not (handler and self._tries and tried.proof):
            return tried
        begin = time.monotonic()
        invocation = Invocation(handler=handler.text)
        cost = measure_init(self._tries, lambda: self._run(invocation))
        seconds = round(tried.proof.seconds + time.monotonic() - begin, 3)
        unused = self.uses(self._loaded)
        return replace(tried, proof=replace(tried.proof, cost=cost, unused=unused, seconds=seconds))

    @property
    def _loaded(self) -> set[str]:
        return {path for result in self._tries for path in result.loaded.get("opt", ())}

    def _run(
        self, invocation: Invocation, process: FunctionProcess | None = None
    ) -> InvocationResult:
        result = (process or self.process).run(invocation, self.caches)
        if result.lacks_any_of(_RUNTIME) and not self.process.folder.runtime:
            folder = replace(self.process.folder, runtime=(self.runtime(),))
            self.process = replace(self.process, folder=folder)
            if process:
                process = replace(process, folder=replace(process.folder, runtime=folder.runtime))
            result = (process or self.process).run(invocation, self.caches)
        self.isolated.append(result.isolated)
        self.version = result.version or self.version
        return result

    def _own_code(self, handler: str | None) -> list[str]:
        """Import the workspace's modules that are in layers.

        Those that the handler loaded imported already; the others come after it, in one more process.
        """
        own, loaded = self.scene.own, self._loaded
        imported = [name for name, path in own.modules.items() if path[len("opt/") :] in loaded]
        left = sorted(own.modules.keys() - set(imported))
        behind = handler if self._tries else None
        while left or self._sources:
            result = self._run(
                Invocation(handler=behind, modules=tuple(left), sources=self._take_sources())
            )
            if result.init:
                self._tries.append(result)
            self._note_refused(result)
            imported += result.imported
            for name, fault in result.failed.items():
                self._note_failed(name, fault)
            known = {*result.imported, *result.failed}
            rest = [name for name in left if name not in known]
            if len(rest) == len(left) and not behind:
                break
            # A handler that ended the process this time must not keep modules from being imported.
            left, behind = rest, None
        return sorted(imported)

    def _take_sources(self) -> tuple[str, ...]:
        """Give the files to compile to the process that is first."""
        sources, self._sources = self._sources, ()
        return sources

    def _note_refused(self, result: InvocationResult) -> None:
        for path, fault in result.refused.items():
            self.errors.append(self.scene.of_source(path, fault))
            self._refused.add(path)

    def _note_failed(self, name: str, fault: Fault) -> None:
        if self.scene.own.modules[name] in self._refused:
            return
        problem = self.scene.of_own_module(name, fault)
        if any(known.place == problem.place for known in self.errors):
            return  # the handler came upon the same line
        unpruned = self._unpruned(Invocation(modules=(name,), watch=True), problem)
        if self.scene.may_be_external(fault):
            self.warnings.append(self.scene.of_external(problem))
        elif unpruned:
            self.errors.append(unpruned)
        elif self.scene.is_error(fault):
            self.errors.append(problem)
        else:
            self.warnings.append(_as_warning(problem))

    def _test_command(self, run: Callable[[FunctionProcess], CommandResult]) -> None:
        test = self.process.stack.settings.test
        result = run(self.process)
        self.isolated.append(result.isolated)
        problem = result.problem(self.scene.title, test) if test else None
        if problem is None:
            return
        unpruned = self.unpruned()
        if unpruned and not run(unpruned).failure:
            problem = self.scene.of_pruned(problem, ())
        self.errors.append(problem)

    def _unpruned(
        self, invocation: Invocation, problem: Problem, event: Event | None = None
    ) -> Problem | None:
        """Try what failed on the unpruned layers; what works there was pruned too hard."""
        process = self.unpruned()
        if process is None:
            return None
        result = self._run(invocation, process)
        if event is not None:
            is_good = result.init is not None and self.scene.of_event(event, result) is None
        else:
            is_good = bool(result.imported or result.init) and not result.fault
        if not is_good:
            return None
        removed = self.removed(process.folder.opt, result.opened)
        what = f"event {event.name}" if event else "importing it"
        self.lost |= dict.fromkeys(removed, f"{self.scene.title}, {what}")
        return self.scene.of_pruned(problem, removed)

    def _events(self, handler: str, events: Sequence[Event]) -> list[EventResult]:
        """Try each event in a fresh process; without events only the import is tried."""
        results = list[EventResult]()
        for event in events or (None,):
            body = event.body if event else None
            result = self._run(
                Invocation(handler=handler, event=body, sources=self._take_sources())
            )
            problem = self.scene.of_init(result)
            if problem is None and event is not None:
                problem = self.scene.of_event(event, result)
            if problem and self.scene.may_be_external(result.fault):
                self.warnings.append(self.scene.of_external(problem))
                self.is_lacking = True
            elif problem:
                again = Invocation(handler=handler, event=body, watch=True)
                self.errors.append(self._unpruned(again, problem, event) or problem)
            self._note_refused(result)
            if result.init is None:
                return results
            self._tries.append(result)
            if event is not None:
                results.append(_event_result(event, result, problem))
        return results


def _event_result(event: Event, result: InvocationResult, problem: Problem | None) -> EventResult:
    if result.answer is not None:
        verdict = EventVerdict.OTHERWISE if problem else EventVerdict.ANSWERED
    elif result.fault:
        verdict = EventVerdict.FAILED
    else:
        verdict = EventVerdict.TIMED_OUT if result.timed_out else EventVerdict.DIED
    answer = result.answer or ""
    if len(answer) > _SHOWN_CHARACTERS:
        answer = json.dumps(f"{answer[:_SHOWN_CHARACTERS]}… ({len(answer):,} characters)")
    return EventResult(name=event.name, verdict=verdict, seconds=result.seconds, answer=answer)


def _as_warning(problem: Problem) -> Problem:
    return Problem(
        message=problem.message,
        place=problem.place,
        details=problem.details[-3:],
        advice=(
            "it may only lack its surroundings: environment: of a function gives it its variables,"
            " and makes this an error",
        ),
    )
