"""What the program is asked to do while AWS fails, and what goes wrong meanwhile: two tables."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .faults import Fault
from .view import View

BUCKET = "ours"
REGION = "eu-west-1"
_OVER_50_MIB = 51 * 1024 * 1024


def _nothing(_: View) -> None:
    """Leave things as they are."""


def _no_complaint(_: View) -> list[str]:
    return []


@dataclass(frozen=True, kw_only=True)
class Ill:
    """What goes wrong, as a column of the matrix."""

    name: str
    fault: Fault
    times: int | None = 1
    everywhere: bool = False
    operations: frozenset[str] | None = None
    """At whose calls it is tried; None is all."""
    must_finish: bool = False
    """A run that does not finish all the same has not done what it should."""
    environment: Mapping[str, str] = field(default_factory=dict)


_SHORT = {"LAYER_BUILDER_READ_TIMEOUT": "1"}

_FIRST_WRITE = frozenset({"PublishLayerVersion"})

ILLS = (
    Ill(name="429", fault=Fault.THROTTLED, must_finish=True),
    # Forty tries, at the pace of one that is throttled: half a minute.
    Ill(name="429 for good", fault=Fault.THROTTLED, times=None, operations=_FIRST_WRITE),
    Ill(name="500", fault=Fault.INTERNAL),
    Ill(name="500 for good", fault=Fault.INTERNAL, times=None),
    Ill(name="503", fault=Fault.UNAVAILABLE),
    Ill(name="refused", fault=Fault.REFUSED),
    Ill(name="refused for a moment", fault=Fault.AWAY),
    Ill(name="reset before", fault=Fault.RESET_BEFORE),
    Ill(name="reset after", fault=Fault.RESET_AFTER),
    Ill(name="reset after, for good", fault=Fault.RESET_AFTER, times=None),
    Ill(name="timeout after", fault=Fault.TIMEOUT_AFTER, environment=_SHORT),
    Ill(name="truncated", fault=Fault.TRUNCATED),
    Ill(name="malformed", fault=Fault.MALFORMED),
    Ill(name="expired token", fault=Fault.EXPIRED, times=None, everywhere=True),
    Ill(name="trickle", fault=Fault.TRICKLE, must_finish=True),
    Ill(name="kill -9 before", fault=Fault.KILL_BEFORE),
    Ill(name="kill -9 after", fault=Fault.KILL_AFTER),
)

_ONCE = frozenset(ill.name for ill in ILLS if ill.everywhere or ill.times)
"""Without those that go on for good: what they do to a run, the first scenario shows."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One run of the program."""

    name: str
    manifest: str
    files: Mapping[str, Callable[[], bytes]]
    """Of the workspace, by path."""
    words: tuple[str, ...] = ("publish",)
    build: tuple[str, ...] = ("build",)
    """What makes its zips beforehand."""
    regions: tuple[str, ...] = (REGION,)
    names: tuple[str, ...]
    """The layers' names on AWS."""
    operations: frozenset[str] | None = None
    """Those whose calls go wrong; None is all. A scenario leaves out what another one tries."""
    alike: frozenset[str] = frozenset()
    """Operations whose calls differ in nothing: only the first goes wrong."""
    ills: frozenset[str] | None = None
    """Those that are tried; None is all."""
    prepare: Callable[[View], None] = _nothing
    """Make on AWS what must be there before."""
    objects: Callable[[Mapping[str, str]], set[str]] = lambda _: set()
    """Name the objects that the bucket holds in the end, by the zips' SHA-256 by name."""
    complaints: Callable[[View], list[str]] = field(default=_no_complaint)
    """Say what else is not as it should be in the end."""


def _text(content: str) -> Callable[[], bytes]:
    return content.encode


_TWO = 'version: 1\npython: "3.12"\nlayers:\n  a: {include: a.py}\n  b: {include: b.py}\n'
_TWO_FILES = {"a.py": _text("A = 1\n"), "b.py": _text("B = 1\n")}

SCENARIOS = (
    Scenario(
        name="publish",
        manifest=_TWO,
        files=_TWO_FILES,
        names=("a", "b"),
        prepare=lambda view: view.publish("a", REGION),
    ),
    Scenario(
        name="publish to two regions",
        manifest=_TWO,
        files=_TWO_FILES,
        names=("a", "b"),
        words=("publish", "--aws-region", f"{REGION},us-east-1"),
        regions=(REGION, "us-east-1"),
        operations=frozenset({"PublishLayerVersion"}),
        ills=_ONCE,
    ),
    Scenario(
        name="publish through S3",
        manifest='version: 1\npython: "3.12"\ncompression: fast\nlayers:\n  a: {include: a.bin}\n',
        files={"a.bin": lambda: os.urandom(_OVER_50_MIB)},
        names=("a",),
        words=("publish", "--s3-bucket", BUCKET),
        build=("build", "--s3-bucket", BUCKET),
        # Without those that the first scenario tries.
        operations=frozenset(
            {
                *("HeadBucket", "HeadObject", "GetBucketLocation", "PutObject", "UploadPart"),
                *("CreateMultipartUpload", "CompleteMultipartUpload", "PublishLayerVersion"),
            }
        ),
        alike=frozenset({"UploadPart"}),
        ills=_ONCE,
        prepare=lambda view: view.make_bucket(BUCKET, REGION),
        objects=lambda digests: {f"a/{digests['a']}.zip"},
    ),
)


_ON_MINISTACK = {
    "publish": {"500", "reset after", "truncated", "kill -9 after"},
    "publish through S3": {"reset after", "kill -9 after"},
}
"""What is tried on ministack too, by scenario: it is another implementation, and a slower one."""

MATRIX = tuple(
    (emulator, scenario, ill)
    for emulator in ("moto", "ministack")
    for scenario in SCENARIOS
    for ill in ILLS
    if (scenario.ills is None or ill.name in scenario.ills)
    and (emulator == "moto" or ill.name in _ON_MINISTACK.get(scenario.name, ()))
)
"""What is played, in order."""


def write(scenario: Scenario, folder: Path) -> None:
    """Write a scenario's workspace."""
    for path, content in scenario.files.items():
        (folder / path).write_bytes(content())
    (folder / "layers.yml").write_text(scenario.manifest)
