"""What to tell when what was installed is not what is locked, or nobody can say whether it is."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from layer_builder.errors import InstallError, shortened
from layer_builder.model import Pin
from layer_builder.tree import Contents, Flaw

_MOST_SHOWN = 10

_AS_RECORDED = re.compile(r"[a-z0-9_]+=[A-Za-z0-9_-]+")

_DIGEST_CHARACTERS = 19
"""Of `sha256=` and a digest: enough to tell two apart."""


def flawed(flaws: Sequence[Flaw], cache: str) -> InstallError:
    """Make the error for files that are not what the RECORDs beside them say."""
    names = sorted({flaw.owner for flaw in flaws} - {""})
    return InstallError.because(
        "what uv installed from its cache is not what the RECORDs of its distributions say:"
        f" uv's cache at {cache} holds other bytes than the locked wheels",
        details=_flaws(flaws),
        advice=(
            *_cleaning(names, cache),
            "if an empty cache brings the same, a wheel was made wrong: take another version of it",
        ),
    )


def broken(flaws: Sequence[Flaw]) -> InstallError:
    """Make the error for wheels that came from the index as they are locked, and contradict themselves."""
    return InstallError.because(
        "a wheel holds other files than its RECORD says, and is locked like that",
        details=_flaws(flaws),
        advice=("take another version of it, and tell its authors",),
    )


def unlike_pins(pins: Iterable[Pin], distributions: Iterable[Contents], cache: str) -> InstallError:
    """Make the error for distributions that are not those which were to be installed."""
    wanted = Counter(f"{pin.name} {pin.version}" for pin in pins)
    found = Counter(f"{one.name} {one.version}" for one in distributions)
    return InstallError.because(
        f"uv installed other distributions than it was told to, from its cache at {cache}",
        details=(
            *(
                f"{shortened(one)} is there{' twice' if one in wanted else ', and not locked'}"
                for one in sorted(found - wanted)
            ),
            *(f"{one} is locked, and not there" for one in sorted(wanted - found)),
        ),
        advice=_cleaning([], cache),
    )


def differing(changed: Sequence[tuple[Contents, Contents]], cache: str) -> InstallError:
    """Make the error for distributions that are not what their wheels hold, each with its wheel."""
    names = [one.name for one, _ in changed]
    lines = [
        f"{one.name} {one.version}: {line}"
        for one, wheel in changed
        for line in _differences(one, wheel)
    ]
    return InstallError.because(
        f"uv's cache at {cache} holds other bytes than the locked wheel of {', '.join(names)}",
        details=_shown(lines),
        advice=_cleaning(names, cache),
    )


def unchecked(
    pins: Sequence[Pin], noted: Collection[Pin], cache: str, error: InstallError
) -> InstallError:
    """Make the error for wheels that had to be downloaded to be compared, and could not be."""
    lines = [
        f"{pin.name} {pin.version}: "
        + ("not what its wheel held before" if pin in noted else "its wheel was never seen here")
        for pin in pins
    ]
    said = [detail for problem in error.problems for detail in problem.details]
    return InstallError.because(
        f"nobody can tell whether uv's cache at {cache} holds what is locked, so it is not packed:"
        " wheels in it have to be downloaded once more, to compare",
        details=(*_shown(lines), *said),
        advice=(
            "let the index be reached once: what was compared is remembered where builds are kept",
            "where LAYER_BUILDER_NO_CACHE is set nothing is remembered, but with =builds",
        ),
    )


def _flaws(flaws: Sequence[Flaw]) -> tuple[str, ...]:
    return _shown([_flaw(flaw) for flaw in flaws])


def _flaw(flaw: Flaw) -> str:
    path = shortened(flaw.path)
    if not flaw.owner:
        return f"{path} is in no RECORD"
    if not flaw.found:
        return f"{flaw.owner}: {path} is in its RECORD, and missing"
    wanted = " or ".join(_digest(one) for one in flaw.wanted)
    return f"{flaw.owner}: {path} is {_digest(flaw.found)}, and {wanted} by its RECORD"


def _differences(one: Contents, wheel: Contents) -> list[str]:
    paths = sorted(one.files.keys() | wheel.files.keys())
    return [
        f"{shortened(path)} is {_digest(one.files.get(path, ''))},"
        f" and {_digest(wheel.files.get(path, ''))} in the wheel"
        for path in paths
        if one.files.get(path) != wheel.files.get(path)
    ]


def _digest(text: str) -> str:
    if not _AS_RECORDED.fullmatch(text):
        return shortened(text) if text else "not there"
    return f"{text[:_DIGEST_CHARACTERS]}…"


def _shown(lines: Sequence[str]) -> tuple[str, ...]:
    more = len(lines) - _MOST_SHOWN
    return (*lines[:_MOST_SHOWN], *((f"and {more} more",) if more > 0 else ()))


def _cleaning(names: Sequence[str], cache: str) -> tuple[str, ...]:
    which = "".join(f" {name}" for name in names)
    return (
        f"`uv cache clean{which} --cache-dir {cache}` takes them out of it; what is downloaded"
        " then is compared with its hash",
        "see who can write there: jobs, restored caches, and environments whose files are links to it",
    )
