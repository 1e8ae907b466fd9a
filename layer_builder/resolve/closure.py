"""A lock is text that anybody may have edited: what it pins must be what is asked for, no more, no less."""

from layer_builder.errors import InstallError, Place
from layer_builder.model import Resolution
from layer_builder.resolve.resolver import Installer, Resolved

_ADVICE = (
    "`layer-builder lock` brings the lock up to date",
    "if nobody changed the requirements, see who changed the lock",
)


def check_closure(resolved: Resolved, installer: Installer) -> None:
    """Have a layer's locked versions be exactly what its requirements lead to at these versions.

    The installer reads the metadata of the pinned releases and resolves the requirements under the
    pins. It has no choice there, so that its answer is the closure. Called where the layer is about
    to be installed: that needs the same metadata, and what is only compared needs none.

    Raises InstallError with the pins that nobody requires, with the distributions that are
    required and not pinned, or with the installer's reason why the pins cannot stand together.
    """
    if not resolved.lock:
        return
    request, pins = resolved.request, (*resolved.own.pins, *resolved.elsewhere.pins)
    try:
        requires = installer.requires(
            request.requirements,
            request.layer.target,
            request.layer.build,
            Resolution(pins=tuple(sorted(pins))),
        )
    except InstallError as error:
        raise InstallError.because(
            f"the versions in {resolved.lock} do not do for its requirements",
            details=tuple(line for problem in error.problems for line in problem.lines()),
            advice=_ADVICE,
        ) from error
    extra = [
        f"{pin.name}=={pin.version} is pinned, and nothing requires it"
        for pin in resolved.own.pins
        if pin.name not in requires
    ]
    pinned = {pin.name for pin in pins}
    missing = [
        f"{name} is required{_by(name, requires)}, and not pinned"
        for name in sorted(requires.keys() - pinned)
    ]
    if extra or missing:
        raise InstallError.because(
            f"{resolved.lock} does not have what its requirements lead to",
            place=Place(file=resolved.lock),
            details=(*extra, *missing),
            advice=_ADVICE,
        )


def _by(name: str, requires: dict[str, frozenset[str]]) -> str:
    by = sorted(other for other, names in requires.items() if name in names)
    return f" by {', '.join(by)}" if by else ""
