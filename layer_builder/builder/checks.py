"""What is worth a warning in a layer that is not wrong."""

import sys
from collections.abc import Collection, Iterator, Mapping, Sequence

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from layer_builder.advice import DEV_TOOLS
from layer_builder.errors import InstallError, Problem
from layer_builder.model import InstalledFile, Layer, PrunePlan, Target
from layer_builder.prune import SDK_DISTRIBUTIONS, module_name
from layer_builder.tree import Distribution, Installation

_IMPORTED_AT_START = ("sitecustomize", "usercustomize")


def check_installation(
    installation: Installation,
    plan: PrunePlan,
    files: Sequence[InstalledFile],
    layer: Layer,
    elsewhere: Collection[str],
) -> list[Problem]:
    """Refuse what was compiled on this machine; give warnings of what is not wrong.

    Args:
        installation: what was installed.
        plan: what of it goes.
        files: what is in the layer.
        layer: the layer with its settings.
        elsewhere: distributions that the layer's functions find in the layers below.
    """
    _refuse_built(installation.distributions, layer)
    to_runtime = {file.path for file in plan.to_runtime}
    remaining = [one for one in installation.distributions if one.record not in to_runtime]
    if to_runtime:
        elsewhere = {*elsewhere, *SDK_DISTRIBUTIONS}
    paths, owners = [file.path for file in files], installation.owners
    return [
        *warnings(remaining, paths, layer.target, elsewhere=elsewhere),
        *start_up_warnings(paths, owners, layer.target),
    ]


def warnings(
    installed: Sequence[Distribution], paths: Collection[str], target: Target,
    *, elsewhere: Collection[str] = (),
) -> list[Problem]:  # fmt: skip
    """List what looks like a mistake; `elsewhere` names distributions found outside the layer."""
    return [
        *_half_an_sdk(installed),
        *_overwritten(installed),
        *_unmet(installed, target, elsewhere),
        *_dev_tools(installed),
        *_shadowing(paths),
    ]


def start_up_warnings(
    paths: Collection[str], owners: Mapping[str, str], target: Target
) -> Iterator[Problem]:
    """Name what runs as Python starts, without being imported by anybody.

    Lambda's Python starts without PYTHONPATH; then `bootstrap.py` puts /opt/python and its
    site-packages on `sys.path`, and calls `site.addsitedir` for both, which runs their `.pth` files.
    Where a function sets PYTHONPATH, it does neither. Printed from the images of two runtimes:
    https://dingxiong.github.io/posts/aws-lambda, and told of in
    https://github.com/open-telemetry/opentelemetry-lambda/issues/1714. What Python does:
    https://docs.python.org/3/library/site.html
    """
    site = f"lib/python{target.python}/site-packages/"
    named = {path: path.removeprefix(site) for path in sorted(paths)}
    lines = [path for path, name in named.items() if name.endswith(".pth") and "/" not in name]
    if lines:
        yield Problem(
            message=f"code that no function asks for: {_with_owners(lines, owners)}",
            details=(
                "Lambda runs the lines of .pth files in /opt/python that begin with import, as each"
                " function that has the layer starts, unless it sets PYTHONPATH",
            ),
            advice=("read what it does; drop: leaves it out",),
        )
    modules = [path for path, name in named.items() if module_name(name) in _IMPORTED_AT_START]
    if modules:
        yield Problem(
            message=f"code that no function asks for: {_with_owners(modules, owners)}",
            details=(
                "Python imports modules of that name by itself as it starts; in Lambda it finds those"
                " of a layer where a function, or its wrapper, sets PYTHONPATH to /opt/python",
            ),
            advice=("read what it does; drop: leaves it out",),
        )


def _with_owners(paths: Sequence[str], owners: Mapping[str, str]) -> str:
    return ", ".join(f"{path} ({owners.get(path, 'of the workspace')})" for path in paths)


def _refuse_built(installed: Sequence[Distribution], layer: Layer) -> None:
    """Refuse what `build:` compiled: it has this machine's platform, not the target's."""
    for distribution in installed:
        if distribution.name in layer.build and not distribution.is_pure:
            raise InstallError.because(
                f"{distribution.name} {distribution.version} was built from its sdist and"
                " holds compiled code for this machine, not for the layer",
                advice=(
                    f"build a wheel of {distribution.name} for {layer.target.runtime} on"
                    f" {layer.target.architecture} and put it on an index",
                ),
            )


def _shadowing(paths: Collection[str]) -> Iterator[Problem]:
    """In Lambda, /opt/python comes before the standard library on `sys.path`."""
    tops = {name.partition(".")[0]: path for path in sorted(paths) if (name := module_name(path))}
    shadows = sorted(tops.keys() & sys.stdlib_module_names)
    if shadows:
        yield Problem(
            message=f"modules of the layer replace the standard library's: {', '.join(shadows)}",
            details=tuple(tops[name] for name in shadows),
            advice=("drop the backport from the requirements; Python has had it for years",),
        )


def _half_an_sdk(installed: Sequence[Distribution]) -> Iterator[Problem]:
    names = {distribution.name for distribution in installed}
    halves = {"boto3", "botocore"}
    if len(names & halves) == 1:
        (present,), (absent,) = names & halves, halves - names
        yield Problem(
            message=f"{present} without {absent}: it will run with the runtime's {absent}, of"
            " another version",
            advice=("sdk: runtime leaves out the whole family, sdk: bundle keeps all of it",),
        )


def _overwritten(installed: Sequence[Distribution]) -> Iterator[Problem]:
    first: dict[str, Distribution] = {}
    clashes: dict[tuple[str, str], list[str]] = {}
    for distribution in installed:
        for path, digest in distribution.hashes.items():
            other = first.setdefault(path, distribution)
            if other is not distribution and other.hashes[path] != digest:
                clashes.setdefault((other.name, distribution.name), []).append(path)
    for (one, another), paths in clashes.items():
        yield Problem(
            message=f"{one} and {another} both bring {', '.join(paths[:3])}"
            + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")  # noqa: PLR2004 (a line's worth)
            + "; one overwrote the other",
        )


def _unmet(
    installed: Sequence[Distribution], target: Target, elsewhere: Collection[str]
) -> Iterator[Problem]:
    versions = {distribution.name: distribution.version for distribution in installed}
    environment = target.markers
    for distribution in installed:
        for text in distribution.requires:
            try:
                requirement = Requirement(text)
                applies = not requirement.marker or requirement.marker.evaluate(environment)
            except (ValueError, KeyError, RecursionError):
                # Also for comparisons that cannot be made: uv, which chose it, made of it what it could.
                continue
            name = str(canonicalize_name(requirement.name))
            if name in elsewhere or not applies:
                continue
            version = versions.get(name)
            if version is None or not requirement.specifier.contains(version, prereleases=True):
                yield Problem(
                    message=f"{distribution.name} {distribution.version} needs {requirement},"
                    f" and the layer has {f'{name} {version}' if version else 'none'}",
                )


def _dev_tools(installed: Sequence[Distribution]) -> Iterator[Problem]:
    tools = [d.name for d in installed if d.name in DEV_TOOLS]
    if tools:
        yield Problem(
            message=f"development tools in the layer: {', '.join(tools)}",
            advice=("keep them in a requirements file of their own",),
        )
