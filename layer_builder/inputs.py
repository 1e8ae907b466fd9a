"""The action's inputs: their names, and their values read from a mapping once."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from layer_builder.errors import ManifestError, Problem, did_you_mean
from layer_builder.model import REGION_PATTERN

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


class Command(StrEnum):
    """What to do."""

    PLAN = "plan"
    BUILD = "build"
    PUBLISH = "publish"
    ATTACH = "attach"


_DEFAULT_COMMAND = Command.PUBLISH


INPUT_DEFAULTS = {
    "manifest": "layers.yml",
    "command": str(_DEFAULT_COMMAND),
    "layers": "",
    "aws-region": "",
    "s3-bucket": "",
    "s3-prefix": "",
    "output-dir": "dist/layers",
    "require-isolation": "true",
    "dry-run": "false",
    "sandbox": "false",
    "github-token": "",
}
"""Every input of `action.yml` with its default."""


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What one run was asked to do."""

    manifest: str = INPUT_DEFAULTS["manifest"]
    command: Command = _DEFAULT_COMMAND
    layers: tuple[str, ...] = ()
    """Keys; empty means all."""
    regions: tuple[str, ...] = ()
    s3_bucket: str = ""
    s3_prefix: str = ""
    output_dir: str = INPUT_DEFAULTS["output-dir"]
    require_isolation: bool = True
    """Whether nothing of others is run where it cannot be isolated."""
    dry_run: bool = False
    sandbox: bool = False
    github_token: str = ""

    def __repr__(self) -> str:
        """Show everything but the token."""
        return f"Inputs({self.command} {self.manifest})"


def read_inputs(values: Mapping[str, str]) -> Inputs:
    """Read inputs by their names in `action.yml`; an absent or empty one has its default.

    Raises ManifestError with every wrong input.
    """
    problems: list[Problem] = []
    given = {
        name: values.get(name, "").strip() or default for name, default in INPUT_DEFAULTS.items()
    }

    def refuse(name: str, reason: str, *advice: str) -> None:
        problems.append(Problem(message=f"input {name}: {reason}", advice=advice))

    command = _DEFAULT_COMMAND
    try:
        command = Command(given["command"])
    except ValueError:
        choices = [str(choice) for choice in Command]
        refuse(
            "command",
            f"{given['command']!r} is not one of {', '.join(choices)}",
            *did_you_mean(given["command"], choices),
        )
    switches = {}
    for name in ("require-isolation", "dry-run", "sandbox"):
        # Composite inputs are always text: https://github.com/actions/runner/issues/2238
        if given[name] not in {"true", "false"}:
            refuse(name, f"is 'true' or 'false', not {given[name]!r}")
        switches[name] = given[name] == "true"
    regions = _words(given["aws-region"])
    for region in regions:
        if not re.fullmatch(REGION_PATTERN, region):
            refuse("aws-region", f"{region!r} is not a region such as eu-west-1")
    bucket = given["s3-bucket"]
    if bucket and not _BUCKET.fullmatch(bucket.replace("{region}", "eu-west-1")):
        refuse("s3-bucket", f"{bucket!r} is not a bucket's name", "only {region} is filled in")
    output = PurePosixPath(given["output-dir"])
    if ".." in output.parts or str(output) == ".":
        refuse("output-dir", f"{given['output-dir']!r} must be a directory of its own")
    if problems:
        raise ManifestError(*problems)
    return Inputs(
        manifest=given["manifest"],
        command=command,
        layers=_words(given["layers"]),
        regions=regions,
        s3_bucket=bucket,
        s3_prefix=given["s3-prefix"],
        output_dir=given["output-dir"],
        require_isolation=switches["require-isolation"],
        dry_run=switches["dry-run"],
        sandbox=switches["sandbox"],
        github_token=values.get("github-token", ""),
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in re.split(r"[,\s]+", text) if word))
