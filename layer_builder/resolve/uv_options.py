"""What uv is told of a target, and how its answer is read."""

import re

from layer_builder.model import Target

_VIA = re.compile(r"^([a-z0-9][a-z0-9._-]*)==\S+(?: +# via (.*))?$", re.MULTILINE)


def platform_options(target: Target, platform: str) -> tuple[str, ...]:
    """Give the Python and the platform that a resolution or an installation is for."""
    return (
        "--python-version", str(target.python),
        "--python-platform", platform,
    )  # fmt: skip


def locking_options(target: Target, platform: str = "") -> tuple[str, ...]:
    """Have uv write a resolution with hashes, for the target's platform or another."""
    return (
        *platform_options(target, platform or target.uv_platform),
        "--generate-hashes",
        "--no-annotate",
    )


def read_requirers(output: str) -> dict[str, frozenset[str]]:
    """Read from a resolution with annotations, a line each, which distributions require which."""
    requires: dict[str, set[str]] = {}
    for name, requirers in _VIA.findall(output):
        requires.setdefault(name, set())
        for requirer in requirers.split(", "):
            if requirer and not requirer.startswith("-"):
                requires.setdefault(requirer, set()).add(name)
    return {name: frozenset(others) for name, others in requires.items()}
