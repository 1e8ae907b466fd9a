"""Says what a function lacks: at which line, in which layer or function, and who else has it."""

from collections.abc import Callable, Collection
from pathlib import Path

from layer_builder.errors import Place, Problem
from layer_builder.functions.events import differences
from layer_builder.functions.own_code import OwnCode
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Event, FunctionProof, Stack
from layer_builder.runtime import Fault, InvocationResult

NOTHING_DONE = "nothing was published"
_TRACE_LINES, _OUTPUT_LINES = 12, 8
_REFUSED_BY_LAMBDA = frozenset(
    {"SyntaxError", "IndentationError", "TabError", "ImportError", "ModuleNotFoundError"}
)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What is needed to say where something is missing."""

    stack: Stack
    title: str
    """`function api`, or the layer where no function has it."""
    own: OwnCode
    shown: Callable[[Path], str]
    """Names a file of the workspace as the manifest is named."""
    layers_with: Callable[[str], Collection[str]]
    """Keys of the manifest's layers that have a module."""

    def of_fault(self, what: str, fault: Fault, output: str = "") -> Problem:
        """Tell of a fault; `what` is its headline."""
        here = self._place(fault)
        trace = fault.trace.strip().splitlines()[-_TRACE_LINES:]
        return Problem(
            message=f"{self.title}: {what}",
            place=here or self._handler_place,
            details=(*trace, *_printed(output), *self._whereabouts(fault)),
            advice=(*self._advice(fault), NOTHING_DONE),
        )

    def of_source(self, path: str, fault: Fault) -> Problem:
        """Tell of a file that the target's Python does not compile."""
        line = fault.frames[-1][1] if fault.frames else None
        place = Place(file=self._file(path), line=line, column=fault.column)
        python = self.stack.target.runtime
        return Problem(
            message=f"{self.title}: {python} does not compile it: {fault.text}",
            place=place,
            advice=(NOTHING_DONE,),
        )

    def of_own_module(self, name: str, fault: Fault) -> Problem:
        """Tell of a module of the workspace that does not import on the stack."""
        return self.of_fault(f"import {name} fails: {fault.kind}: {_line(fault.text)}", fault)

    def is_error(self, fault: Fault) -> bool:
        """Tell what Lambda would refuse, too, from what may only lack its surroundings.

        With its environment at hand nothing is lacking that Lambda would have, but the network.
        """
        given = self.stack.settings.environment is not None
        return given or (fault.cause or fault.kind) in _REFUSED_BY_LAMBDA

    def may_be_external(self, fault: Fault | None) -> bool:
        """Tell what may be in a layer of others, which is not here."""
        module = fault.lacks[0] if fault else None
        keys = {layer.key for layer in self.stack.layers}
        return bool(self.stack.external and module and not keys & set(self.layers_with(module)))

    def of_external(self, problem: Problem) -> Problem:
        """Tell that a function could not be proven, since layers of others are not here."""
        names = ", ".join(layer.arn for layer in self.stack.external)
        return Problem(
            message=f"{problem.message}; not proven: it may be in {names}, which is not here",
            place=problem.place,
            details=problem.details[-3:],
            advice=("try it with the layer's distribution in a layer of your own",),
        )

    def of_unisolated(self, proof: FunctionProof) -> Problem:
        """Tell that it ran without isolation, as was allowed."""
        kept = ", ".join(proof.isolated) or "nothing"
        return Problem(
            message=f"{self.title}: tried without isolation, as was allowed: kept from {kept}",
            place=self.stack.place,
            details=("it could reach the credentials, files and network of this job",),
        )

    def of_event(self, event: Event, result: InvocationResult) -> Problem | None:
        """Say why an event was not answered as it should be; None if it was."""
        timeout = self.stack.settings.timeout
        if result.fault:
            return self.of_fault(
                f"event {event.name}: {result.fault.kind}: {_line(result.fault.text)}",
                result.fault, result.output,
            )  # fmt: skip
        if result.answer is None:
            how = (
                f"timed out after {timeout} s (Sandbox.Timedout)"
                if result.timed_out
                else f"it {result.ended or 'ended the interpreter'} (Runtime.ExitError)"
            )
            return Problem(
                message=f"{self.title}: event {event.name}: {how}",
                place=event.place,
                details=_printed(result.output),
                advice=("timeout: is 10 s where the manifest says nothing", NOTHING_DONE)
                if result.timed_out
                else (NOTHING_DONE,),
            )
        unmet = differences(event.expect, result.answer) if event.expect is not None else []
        if unmet:
            return Problem(
                message=f"{self.title}: event {event.name}: answered otherwise than expected",
                place=event.place,
                details=(*unmet[:10], *_printed(result.output)),
                advice=(NOTHING_DONE,),
            )
        return None

    def of_init(self, result: InvocationResult) -> Problem | None:
        """Say why the handler cannot be imported; None if it was."""
        handler = self.stack.settings.handler
        name = handler.text if handler else ""
        if result.fault and result.at_init:
            fault = result.fault
            # Lambda's own words name the module; an exception's do not.
            subject = "" if fault.kind.startswith("Runtime.") else f"importing {name}: "
            what = f"{subject}{fault.kind}: {_line(fault.text)}"
            return self.of_fault(what, fault, result.output)
        if result.init is not None:
            return None
        how = "took too long" if result.timed_out else result.ended or "ended the interpreter"
        return Problem(
            message=f"{self.title}: importing {name}: it {how} (Runtime.ExitError)",
            place=self._handler_place,
            details=_printed(result.output),
            advice=("Lambda gives an import 10 s", NOTHING_DONE),
        )

    def of_pruned(self, problem: Problem, removed: Collection[str]) -> Problem:
        """Tell that something works on the unpruned layers, and what was opened there."""
        names = sorted(removed)
        lines = tuple(f"it opened {name}, which was removed" for name in names[:10])
        more = (f"and {len(names) - 10} more",) if len(names) > 10 else ()  # noqa: PLR2004 (a screen's worth)
        keep = ", ".join(f'"{name.removeprefix("python/")}"' for name in names[:5])
        return Problem(
            message=f"{problem.message}; on the unpruned layers it works",
            place=problem.place,
            details=(*problem.details, *lines, *more),
            advice=(
                f"keep: [{keep}] in the layer that has it" if names else "prune: off shows what it needs",
                NOTHING_DONE,
            ),
        )  # fmt: skip

    @property
    def _handler_place(self) -> Place:
        handler = self.stack.settings.handler
        return handler.place if handler else self.stack.place

    def _place(self, fault: Fault) -> Place | None:
        for path, line in reversed(fault.frames):
            if path in self.own.sources:
                return Place(file=self._file(path), line=line, column=fault.column)
        return None

    def _file(self, path: str) -> str:
        source = self.own.sources.get(path)
        return self.shown(source) if source else path

    def _whereabouts(self, fault: Fault) -> tuple[str, ...]:
        module, name = fault.lacks
        if not module:
            return ()
        keys = [layer.key for layer in self.stack.layers]
        having = self.layers_with(module)
        inside = [key for key in keys if key in having]
        if name and inside:
            return (f"{module} is in {', '.join(inside)}, without {name}",)
        outside = sorted(set(having) - set(keys))
        lacking = f"none of its layers ({', '.join(keys)}) has {module}"
        others = (
            f"; {', '.join(outside)} has it" if outside else "; no layer of the manifest has it"
        )
        return (lacking + others,)

    def _advice(self, fault: Fault) -> tuple[str, ...]:
        module, name = fault.lacks
        if not module or name:
            return ()
        keys = {layer.key for layer in self.stack.layers}
        outside = sorted(set(self.layers_with(module)) - keys)
        if outside and self.stack.settings.handler:
            return (f"add {outside[0]} to layers: of {self.title}",)
        if outside:
            return (f"say requires: [{outside[0]}], or name the function that loads both",)
        top = module.partition(".")[0]
        return (f"add the distribution that brings {top} to one of its layers",)


def _line(text: str) -> str:
    return " ".join(text.split())[:300]


def _printed(output: str) -> tuple[str, ...]:
    lines = output.strip().splitlines()[-_OUTPUT_LINES:]
    return ("it printed:", *(f"  {line}" for line in lines)) if lines else ()
