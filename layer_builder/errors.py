"""Every way to fail, in the reader's words, each with an exit code."""

import difflib
from collections.abc import Collection, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import ClassVar, Self

from layer_builder.exit_codes import ExitCode
from layer_builder.lazy_dataclasses import dataclass


class Failure(StrEnum):
    """What a failed call says about the deed that it asked for."""

    UNSENT = "unsent"
    """Nothing reached AWS: it did not happen."""
    THROTTLED = "throttled"
    """AWS turned the call away unread: it did not happen."""
    DOUBT = "doubt"
    """No answer, or none that tells: it may have happened."""
    BUSY = "busy"
    """Something else is being changed there: it did not happen, and may when that is over."""
    REFUSED = "refused"
    """AWS said no: it did not happen, and will not another time."""


_SHOWN_CHARACTERS = 80


ISSUES_URL = "https://github.com/layer-builder/layer-builder/issues"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A spot in a file the user wrote; `line` and `column` count from 1."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        """Write it as compilers do, `file:line:column`."""
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part)


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing the reader can act on: what happened, where, and what to do next."""

    message: str
    place: Place | None = None
    layer: str | None = None
    details: tuple[str, ...] = ()
    """Lines of evidence: numbers, or another program's words."""
    advice: tuple[str, ...] = ()

    @property
    def headline(self) -> str:
        """The message with the layer it is about, without its place."""
        return f"layer {self.layer}: {self.message}" if self.layer else self.message

    def lines(self) -> list[str]:
        """The whole letter, for a log: headline, evidence, advice."""
        first = f"{self.place}: {self.headline}" if self.place else self.headline
        return [
            first,
            *(f"    {line}" for detail in self.details for line in detail.splitlines()),
            *(f"  → {line}" for line in self.advice),
        ]


class LayerBuilderError(Exception):
    """The base of all expected failures; holds every problem found, not only the first."""

    exit_code: ClassVar[ExitCode] = ExitCode.BUG

    def __init__(self, *problems: Problem) -> None:
        """Keep the problems in the order they should be read."""
        super().__init__("\n".join(problem.headline for problem in problems))
        self.problems = problems

    @classmethod
    def because(
        cls,
        message: str,
        *,
        place: Place | None = None,
        layer: str | None = None,
        details: tuple[str, ...] = (),
        advice: tuple[str, ...] = (),
    ) -> Self:
        """Build the error from the parts of its one problem."""
        return cls(
            Problem(message=message, place=place, layer=layer, details=details, advice=advice)
        )

    def with_problems(self, *problems: Problem) -> Self:
        """Give the same failure, told by other problems."""
        return type(self)(*problems)

    def about(self, layer: str, place: Place | None) -> Self:
        """Name the layer and its line in each problem that names none."""
        return self.with_problems(
            *(
                replace(problem, layer=problem.layer or layer, place=problem.place or place)
                for problem in self.problems
            )
        )


class ManifestError(LayerBuilderError):
    """The manifest, a file it names, or an action input is wrong."""

    exit_code = ExitCode.MANIFEST


class InstallError(LayerBuilderError):
    """Requirements could not be resolved or installed for the target."""

    exit_code = ExitCode.INSTALL


class ProofError(LayerBuilderError):
    """The pruned layer does not import what it imported before."""

    exit_code = ExitCode.PROOF


class LimitError(LayerBuilderError):
    """A layer or a stack is over a limit."""

    exit_code = ExitCode.LIMIT


class AwsError(LayerBuilderError):
    """AWS refused, or could not be reached."""

    exit_code = ExitCode.AWS

    def __init__(
        self,
        *problems: Problem,
        failure: Failure = Failure.REFUSED,
        code: str = "",
        is_withheld: bool = False,
        is_unknown: bool = False,
    ) -> None:
        """Say what the failure means for the deed that was asked for.

        Args:
            problems: what to tell.
            failure: whether the deed was done.
            code: AWS's error code, where AWS said one.
            is_withheld: AWS does not let one know, or has no such operation in this region.
            is_unknown: nobody can tell whether the deed was done, having looked.
        """
        super().__init__(*problems)
        self.failure = failure
        self.code = code
        self.is_withheld = is_withheld
        self.is_unknown = is_unknown

    def with_problems(self, *problems: Problem) -> Self:
        """Give the same failure, told by other problems."""
        return type(self)(
            *problems,
            failure=self.failure,
            code=self.code,
            is_withheld=self.is_withheld,
            is_unknown=self.is_unknown,
        )


def merged(errors: Sequence[LayerBuilderError]) -> LayerBuilderError:
    """Make one error of one or more: each problem once, the class with the highest exit code."""
    worst = max(errors, key=lambda error: error.exit_code)
    if len(errors) == 1:
        return worst
    return type(worst)(*dict.fromkeys(problem for error in errors for problem in error.problems))


def shortened(text: str) -> str:
    """Quote a text of unknown length for a message.

    >>> shortened("a" * 90).count("a")
    80
    """
    return repr(text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…")


def did_you_mean(word: str, known: Collection[str]) -> tuple[str, ...]:
    """Offer the nearest right word, or list the choices when they are few."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if near:
        return (f"did you mean {near[0]!r}?",)
    return (f"known here: {', '.join(sorted(known))}",) if known else ()
