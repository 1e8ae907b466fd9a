"""The action's inputs: their names, and their values read from a mapping once."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from pathlib import PurePosixPath
from typing import TypeVar

from layer_builder.errors import ManifestError, Problem, did_you_mean
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import ACCOUNT_PATTERN, REGION_PATTERN, Architecture, Python

_SHA256 = re.compile(r"[0-9a-f]{64}")


_E = TypeVar("_E", bound=StrEnum)


_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


class Command(StrEnum):
    """What to do."""

    PLAN = "plan"
    BUILD = "build"
    PUBLISH = "publish"
    ATTACH = "attach"
    PROMOTE = "promote"


_DEFAULT_COMMAND = Command.PUBLISH


INPUT_DEFAULTS = {
    "manifest": "layers.yml",
    "command": str(_DEFAULT_COMMAND),
    "layers": "",
    "python": "",
    "architecture": "",
    "aws-region": "",
    "account": "",
    "s3-bucket": "",
    "s3-prefix": "",
    "output-dir": "dist/layers",
    "digests": "",
    "arns": "",
    "rollback": "",
    "source-profile": "",
    "build": "auto",
    "rebuild": "false",
    "baseline": "",
    "require-isolation": "true",
    "dry-run": "false",
    "fail-on-changes": "false",
    "sandbox": "false",
    "cache": "auto",
    "github-token": "",
}
"""Every input of `action.yml` with its default."""

_RESOLVING = frozenset({Command.PLAN, Command.BUILD, Command.PUBLISH})


_FOR_SOME: Mapping[str, tuple[frozenset[Command], str]] = {
    "rollback": (frozenset({Command.ATTACH}), "set command: attach"),
    "arns": (frozenset({Command.ATTACH, Command.PROMOTE}), "set command: attach, or promote"),
    "source-profile": (frozenset({Command.PROMOTE}), "set command: promote"),
    "python": (_RESOLVING | {Command.ATTACH}, "name versions in arns, or keys in layers"),
    "architecture": (_RESOLVING | {Command.ATTACH}, "name versions in arns, or keys in layers"),
    "rebuild": (_RESOLVING, "set command: publish"),
}
"""Inputs that some commands do not read, where another thing than was asked for would then be done
without a word: the commands that may be given them, and what to do about the others.
"""


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What one run was asked to do."""

    manifest: str = INPUT_DEFAULTS["manifest"]
    command: Command = _DEFAULT_COMMAND
    layers: tuple[str, ...] = ()
    """Keys; empty means all."""
    pythons: tuple[Python, ...] = ()
    """Only targets with these; empty means all."""
    architectures: tuple[Architecture, ...] = ()
    """The same."""
    regions: tuple[str, ...] = ()
    account: str = ""
    """The AWS account that the run is meant for; empty where nobody says."""
    s3_bucket: str = ""
    s3_prefix: str = ""
    output_dir: str = INPUT_DEFAULTS["output-dir"]
    digests: Mapping[str, str] | None = None
    """SHA-256 in hexadecimal by the stem of a zip: those that `publish` takes up, and no others.
    None where nobody said any."""
    arns: str = ""
    """Exact layer versions: ARNs, JSON, the path of a file that names them, `ssm` or `newest`."""
    rollback: str = ""
    """Functions, and what they go back to: words such as `api core-deps@36`, or JSON."""
    source_profile: str = ""
    """The AWS profile that `promote` reads with; empty for the credentials of the run."""
    may_build: bool = True
    """Whether `publish` builds what it cannot take up; else that is an error."""
    rebuild: bool = False
    """Whether `publish` builds what AWS has already, by its stamps."""
    baseline: str = ""
    """The path of a report.json to compare with; empty where AWS is asked, if anybody."""
    require_isolation: bool = True
    """Whether nothing of others is run where it cannot be isolated."""
    dry_run: bool = False
    fail_on_changes: bool = False
    """Whether a dry run that would change something ends with an exit code of its own."""
    sandbox: bool = False
    github_token: str = ""

    @property
    def is_partial(self) -> bool:
        """Whether layers or targets of the manifest are left out."""
        return bool(self.layers or self.pythons or self.architectures)

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

    (command,) = _members(Command, "command", [given["command"]], refuse) or [_DEFAULT_COMMAND]
    switches = {}
    for name in ("rebuild", "require-isolation", "dry-run", "fail-on-changes", "sandbox"):
        # Composite inputs are always text: https://github.com/actions/runner/issues/2238
        if given[name] not in {"true", "false"}:
            refuse(name, f"is 'true' or 'false', not {given[name]!r}")
        switches[name] = given[name] == "true"
    if command == given["command"]:  # else it is refused, and stands for no other
        _check_command(given, command, refuse)
    # What it means is decided before this program is set up: github.programs.job_cache.
    if given["cache"] not in {"auto", "true", "false"}:
        refuse("cache", f"is 'auto', 'true' or 'false', not {given['cache']!r}")
    digests = _digests(given["digests"])
    _check_aws(given, refuse)
    pythons = _members(Python, "python", _words(given["python"]), refuse)
    architectures = _members(Architecture, "architecture", _words(given["architecture"]), refuse)
    _check_zips(given, command, digests, refuse)
    if problems:
        raise ManifestError(*problems)
    return Inputs(
        manifest=given["manifest"],
        command=command,
        layers=_words(given["layers"]),
        pythons=pythons,
        architectures=architectures,
        regions=_words(given["aws-region"]),
        account=given["account"],
        s3_bucket=given["s3-bucket"],
        s3_prefix=given["s3-prefix"],
        output_dir=given["output-dir"],
        digests=digests,
        arns=given["arns"],
        rollback=given["rollback"],
        source_profile=given["source-profile"],
        may_build=given["build"] == "auto",
        rebuild=switches["rebuild"],
        baseline=given["baseline"],
        require_isolation=switches["require-isolation"],
        dry_run=switches["dry-run"],
        fail_on_changes=switches["fail-on-changes"],
        sandbox=switches["sandbox"],
        github_token=values.get("github-token", ""),
    )


_DIGESTS_FROM = "hand on the output digests of the job that built the zips"


_UNCOMPARED = "this {} compares its layers with nothing"


def _check_command(given: Mapping[str, str], command: Command, refuse: Callable[..., None]) -> None:
    """Refuse what the command would pass over."""
    for name, (commands, advice) in _FOR_SOME.items():
        if given[name] != INPUT_DEFAULTS[name] and command not in commands:
            refuse(name, f"the command {command} does not read it", advice)
    if given["fail-on-changes"] != "true":
        return
    if given["dry-run"] != "true":
        refuse("fail-on-changes", "tells what a dry run would change", "set dry-run: true, too")
    asks_aws = bool(given["aws-region"]) and given["sandbox"] != "true"
    if command is Command.PLAN and not (given["baseline"] or asks_aws):
        refuse("fail-on-changes", _UNCOMPARED.format(command), "set aws-region, or baseline")
    if command is Command.BUILD and not given["baseline"]:
        refuse("fail-on-changes", _UNCOMPARED.format(command), "set baseline: it asks no AWS")


def _check_aws(given: Mapping[str, str], refuse: Callable[..., None]) -> None:
    for region in _words(given["aws-region"]):
        if not re.fullmatch(REGION_PATTERN, region):
            refuse("aws-region", f"{region!r} is not a region such as eu-west-1")
    if given["account"] and not re.fullmatch(ACCOUNT_PATTERN, given["account"]):
        refuse("account", f"{given['account']!r} is not an AWS account: it has 12 digits")
    bucket = given["s3-bucket"]
    if bucket and not _BUCKET.fullmatch(bucket.replace("{region}", "eu-west-1")):
        refuse("s3-bucket", f"{bucket!r} is not a bucket's name", "only {region} is filled in")


def _check_zips(
    given: Mapping[str, str],
    command: Command,
    digests: Mapping[str, str] | None,
    refuse: Callable[..., None],
) -> None:
    output = PurePosixPath(given["output-dir"])
    if ".." in output.parts or str(output) == ".":
        refuse("output-dir", f"{given['output-dir']!r} must be a directory of its own")
    if given["digests"] and digests is None:
        refuse("digests", "is JSON, {stem: sha256 in hexadecimal}", _DIGESTS_FROM)
    if given["build"] not in {"auto", "never"}:
        refuse("build", f"is 'auto' or 'never', not {given['build']!r}")
    elif given["build"] == "never" and command is Command.BUILD:
        refuse("build", "'never' leaves the command build nothing to do")
    elif given["build"] == "never" and command is Command.PUBLISH and not given["digests"]:
        refuse("build", "'never' needs digests: no zip is taken up without one", _DIGESTS_FROM)


def _members(
    kind: type[_E], name: str, words: Iterable[str], refuse: Callable[..., None]
) -> tuple[_E, ...]:
    """Read words that each are a member; refuse those that are none."""
    members, choices = [], [str(choice) for choice in kind]
    for word in words:
        if word in choices:
            members.append(kind(word))
        else:
            reason = f"{word!r} is not one of {', '.join(choices)}"
            refuse(name, reason, *did_you_mean(word, choices))
    return tuple(members)


def _digests(text: str) -> dict[str, str] | None:
    """Read what the output of the same name has; None for anything else, and for no text."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    values = found.values() if isinstance(found, dict) else [None]
    if not all(isinstance(value, str) and _SHA256.fullmatch(value) for value in values):
        return None
    return dict(found)


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in re.split(r"[,\s]+", text) if word))
