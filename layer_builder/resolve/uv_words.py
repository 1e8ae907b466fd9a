"""What uv says when it cannot do something, read, and told with what could be done."""

import re
from collections.abc import Mapping

from layer_builder.connections import connection_letter
from layer_builder.errors import Problem
from layer_builder.model import Target

_NO_WHEEL = re.compile(
    r"(?:all versions of )?\b([a-z0-9][a-z0-9._-]*?)(?:(==|>=|<=|<|>|~=)(\S+))? ha(?:s|ve) no (?:usable )?wheels"
)

_TWO_REQUIRED = re.compile(
    r"you require [^ ]+ and [^ ]+, we can conclude that your requirements are unsatisfiable"
)

_OURS = ("disabled for all packages", "`--system-certs`")
"""Lines about what uv is called with, which nobody can change."""


def find_missing_wheel(output: str) -> tuple[str, str | None] | None:
    """Find the distribution that has no wheel, and its version where uv names one.

    None where that is not why: uv also tells of versions without wheels that it passed over.
    """
    words = " ".join(output.split())
    missing = _NO_WHEEL.search(words)
    if not missing or _exclude_each_other(words):
        return None
    name, operator, version = missing.groups()
    return name, version.rstrip(",.") if operator == "==" else None


def _exclude_each_other(words: str) -> bool:
    """Tell whether uv's proof ends with two requirements that no version meets both of."""
    if _TWO_REQUIRED.search(words):
        return True
    return "we can conclude that you require " in words and not _NO_WHEEL.search(words)


def unreached(output: str, environ: Mapping[str, str]) -> Problem | None:
    """Tell that uv did not reach an index, and what to set; None where that is not what failed."""
    return connection_letter("the package index", tidy(output), environ)


def unmet(output: str, target: Target, environ: Mapping[str, str]) -> Problem:
    """Tell that requirements cannot be met, in uv's words."""
    words = " ".join(output.split())
    conflict = ": their versions exclude each other" if _exclude_each_other(words) else ""
    return unreached(output, environ) or Problem(
        message=f"the requirements cannot be met for {target.label}{conflict}",
        details=(tidy(output),),
        advice=about_backends(output),
    )


def uninstalled(output: str, target: Target) -> Problem:
    """Tell that what was resolved cannot be installed, in uv's words."""
    return Problem(
        message=f"uv could not install for {target.label}",
        details=(tidy(output),),
        advice=about_backends(output),
    )


def unbuilt(name: str, output: str) -> Problem:
    """Tell that no wheel can be built of sources that come from no index, in uv's words."""
    versioned = re.search(r"setuptools.scm|hatch.vcs|versioningit|dunamai", output)
    advice = (
        "what it is built of has no .git: a version that is read from git has to be written down",
    )
    return Problem(
        message=f"no wheel of {name} could be built",
        details=(tidy(output),),
        advice=(*(advice if versioned else ()), *about_backends(output)),
    )


def without_wheel(
    name: str, version: str | None, older: str | None, output: str, target: Target
) -> Problem:
    """Tell that a distribution has no wheel for a target, and which `older` version has one."""
    what = f"{name} {version}" if version else name
    glibc = ".".join(map(str, target.glibc))
    return Problem(
        message=f"{what} has no wheel for {target.runtime} on {target.architecture}"
        f" (glibc {glibc})",
        details=(tidy(output),),
        advice=(
            f"{name} {older} has one: ask for {name}=={older}"
            if older
            else f"no older version of {name} has one either",
            f"if {name} is pure Python: build: [{name}] builds it from its sdist",
            *(
                ("a runtime from python3.12 on has glibc 2.34 and takes more wheels",)
                if target.glibc < (2, 34)
                else ()
            ),
        ),
    )


def tidy(output: str) -> str:
    """Leave out of uv's words what tells of our own settings."""
    lines = [line.rstrip() for line in output.strip().splitlines()]
    return "\n".join(line for line in lines if line and not any(ours in line for ours in _OURS))


def about_backends(output: str) -> tuple[str, ...]:
    """Tell how backends run, where one failed."""
    if "build backend returned an error" not in output:
        return ()
    return (
        "backends run isolated: without network and variables, with their own folder and what"
        " [build-system] requires; one that needs more: build a wheel and put it on an index",
    )
