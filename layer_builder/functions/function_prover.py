"""Proves one function: its own code compiles and imports, its handler starts, its events are answered."""

import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from layer_builder.errors import Problem
from layer_builder.functions.invocation import Invocation, InvocationResult
from layer_builder.functions.process import FunctionProcess
from layer_builder.functions.test_command import CommandResult
from layer_builder.functions.verdict import Scene
from layer_builder.model import (
    DistributionUse,
    Event,
    EventResult,
    EventVerdict,
    FunctionProof,
    InitCost,
    ModuleImport,
)

_RUNTIME = frozenset({"boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3"})
"""What Lambda's runtime brings besides the standard library:
https://docs.aws.amazon.com/lambda/latest/dg/python-package.html#python-package-searchpath"""
_TRIES = 3
_AT_ONCE = 2
_SHOWN_CHARACTERS = 2000


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What came of a function: a proof, or what is wrong with it."""

    proof: FunctionProof
    errors: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


@dataclass(kw_only=True)
class FunctionProver:
    """Tries one function on its stack; on the unpruned one what fails."""

    scene: Scene
    process: FunctionProcess
    caches: tuple[Path, ...]
    """The first takes bytecode; the others have that of the layers' proofs."""
    empty: Path
    """A folder without bytecode, for the start from source."""
    unpruned: Callable[[], FunctionProcess | None]
    """Gives the same on the unpruned layers; None where those cannot be had."""
    runtime: Callable[[], Path]
    """Gives what stands in for the runtime's SDK; asked for when something needs it."""
    removed: Callable[[Path, frozenset[str]], list[str]]
    """Of the files opened on the unpruned layers, those that the pruned ones lack."""
    test: Callable[[FunctionProcess], CommandResult] | None = None
    """Runs the function's test-command."""
    uses: Callable[[Sequence[str]], tuple[DistributionUse, ...]] = lambda _: ()
    """Tells how much of each distribution these files, which were loaded, are."""
    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    isolated: list[tuple[str, ...]] = field(default_factory=list)
    version: str = ""

    def run(self, events: Sequence[Event]) -> Tried:
        """Try it; raises ProofError where nothing may run."""
        begin = time.monotonic()
        own = self._own_code()
        results: list[EventResult] = []
        cost, loaded = None, dict[str, list[str]]()
        handler = self.process.stack.settings.handler
        if handler and not self.errors:
            results, starts = self._events(handler.text, events)
            if starts is not None and not self.errors:
                cost = self._measure(handler.text, starts)
                loaded = dict(starts.loaded)
        if self.test and not self.errors:
            self._test_command(self.test)
        settings = self.process.stack.settings
        proof = FunctionProof(
            function=self.process.stack.key,
            handler=handler.text if handler else None,
            events=tuple(results),
            own_modules=tuple(own),
            interpreter=self.version,
            isolated=tuple(sorted(set.intersection(*map(set, self.isolated)))) if self.isolated else (),
            in_place=self.process.in_place,
            cost=cost,
            test_command=settings.test.command.text if settings.test else None,
            unused=self.uses(loaded.get("opt", ())) if loaded else (),
            seconds=round(time.monotonic() - begin, 3),
        )  # fmt: skip
        return Tried(proof=proof, errors=tuple(self.errors), warnings=tuple(self.warnings))

    def _run(
        self, invocation: Invocation, process: FunctionProcess | None = None, *, cold: bool = False
    ) -> InvocationResult:
        caches = (self.empty,) if cold else self.caches
        result = (process or self.process).run(invocation, caches)
        if result.lacks_any_of(_RUNTIME) and not self.process.folder.runtime:
            folder = replace(self.process.folder, runtime=(self.runtime(),))
            self.process = replace(self.process, folder=folder)
            if process:
                process = replace(process, folder=replace(process.folder, runtime=folder.runtime))
            result = (process or self.process).run(invocation, caches)
        self.isolated.append(result.isolated)
        self.version = result.version or self.version
        return result

    def _own_code(self) -> list[str]:
        """Compile the workspace's files, and import the modules that are in layers."""
        own, imported = self.scene.own, list[str]()
        left = sorted(own.modules)
        sources = own.python_files
        while left or sources:
            result = self._run(Invocation(modules=tuple(left), sources=sources))
            for path, fault in result.refused.items():
                self.errors.append(self.scene.of_source(path, fault))
            refused, sources = {*result.refused}, ()
            imported += result.imported
            for name, fault in result.failed.items():
                if own.modules[name] in refused:
                    continue
                problem = self.scene.of_own_module(name, fault)
                unpruned = self._unpruned(Invocation(modules=(name,), watch=True), problem)
                if unpruned:
                    self.errors.append(unpruned)
                elif self.scene.is_error(fault):
                    self.errors.append(problem)
                else:
                    self.warnings.append(_as_warning(problem))
            known = {*result.imported, *result.failed}
            rest = [name for name in left if name not in known]
            if len(rest) == len(left):
                break
            left = rest
        return imported

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

    def _unpruned(self, invocation: Invocation, problem: Problem) -> Problem | None:
        """Try what failed on the unpruned layers; what works there was pruned too hard."""
        process = self.unpruned()
        if process is None:
            return None
        result = self._run(invocation, process)
        is_good = (
            result.answer is not None if invocation.event else bool(result.imported or result.init)
        )
        if not is_good or result.fault:
            return None
        return self.scene.of_pruned(problem, self.removed(process.folder.opt, result.opened))

    def _events(
        self, handler: str, events: Sequence[Event]
    ) -> tuple[list[EventResult], InvocationResult | None]:
        """Try each event in a fresh process; without events only the import is tried."""
        first: InvocationResult | None = None
        results: list[EventResult] = []
        for event in events or (None,):
            invocation = Invocation(
                handler=handler, event=event.body if event else None, watch=False
            )
            result = self._run(invocation)
            problem = self.scene.of_init(result)
            if problem is None and event is not None:
                problem = self.scene.of_event(event, result)
            if problem:
                again = Invocation(handler=handler, event=invocation.event, watch=True)
                self.errors.append(self._unpruned(again, problem) or problem)
            if result.init is None:
                return results, None
            first = first or result
            if event is not None:
                results.append(_event_result(event, result, problem))
        return results, first

    def _measure(self, handler: str, starts: InvocationResult) -> InitCost:
        """Start it from source and with all bytecode at hand, three times each."""
        invocation = Invocation(handler=handler)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            cold = [pool.submit(self._run, invocation, cold=True) for _ in range(_TRIES)]
            warm = [pool.submit(self._run, invocation) for _ in range(_TRIES)]
            from_source = [item.result() for item in cold]
            with_bytecode = [item.result() for item in warm]
        init = with_bytecode[0].init or starts.init or {}
        return InitCost(
            source=_median(from_source),
            bytecode=_median(with_bytecode),
            memory_bytes=starts.memory_bytes,
            modules=int(init.get("modules", 0)),
            imports=_imports(init.get("imports", ())),
        )


def _median(results: Sequence[InvocationResult]) -> float:
    seconds = [float(result.init["init"]) for result in results if result.init]
    return round(statistics.median(seconds), 4) if seconds else 0.0


def _imports(nodes: Sequence[Mapping[str, Any]]) -> tuple[ModuleImport, ...]:
    return tuple(
        ModuleImport(
            name=str(node["name"]),
            own=float(node["own"]),
            cumulative=float(node["cumulative"]),
            imports=_imports(node["imports"]),
        )
        for node in sorted(nodes, key=lambda node: -node["cumulative"])
    )


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
