"""What the program is asked to do while AWS fails: the tables of the matrix."""

import io
import json
import os
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from .ills import FEW, ILLS, ONCE
from .objects import Intruder, Located
from .proxy import Rules
from .reference import Reference
from .view import View

BUCKET = "ours"
REGION = "eu-west-1"
_OVER_50_MIB = 51 * 1024 * 1024


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
    """The layers' names on AWS, of which a version is to be published."""
    again: bool = False
    """Whether all is published before AWS fails: then there is nothing to build."""
    operations: frozenset[str] | None = None
    """Those whose calls go wrong; None is all. A scenario leaves out what another one tries."""
    alike: frozenset[str] = frozenset()
    """Operations whose calls differ in nothing: only the first goes wrong."""
    ills: frozenset[str] | None = None
    """Those that are tried; None is all."""
    strict: bool = False
    """Whether AWS's own refusals and pages stand before the emulator: see `strict` and `paging`."""
    environment: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[View], object] = lambda _: None
    """Make on AWS what must be there before."""
    rules: Callable[[View, str], Sequence[Rules]] = lambda _, __: ()
    """Make what stands before the emulator besides, given the proxy's address; it is prepared."""
    at_first: Callable[[View], Sequence[Rules]] = lambda _: ()
    """Make what stands there only in the run that meets the fault."""
    ends: int = 0
    """The exit code of a run in which no call goes wrong."""
    objects: Callable[[Mapping[str, str]], set[str]] = lambda _: set()
    """Name the objects that the bucket holds in the end, by the zips' SHA-256 by name."""
    may_stay: frozenset[str] = frozenset()
    """Objects that a run leaves which ends before it removes them: no later one knows of them."""
    foreign: frozenset[str] = frozenset()
    """SHA-256 of bytes that others put in the place of ours."""
    midway: Callable[[View, Mapping[str, Any]], list[str]] = lambda _, __: []
    """Say what else is not as it should be after the fault, given the report."""
    complaints: Callable[[View], list[str]] = lambda _: []
    """Say what else is not as it should be in the end."""


def _text(content: str) -> Callable[[], bytes]:
    return content.encode


_TWO = 'version: 1\npython: "3.12"\nlayers:\n  a: {include: a.py}\n  b: {include: b.py}\n'
_TWO_FILES = {"a.py": _text("A = 1\n"), "b.py": _text("B = 1\n")}


def _arn(name: str, version: int) -> str:
    return f"arn:aws:lambda:{REGION}:123456789012:layer:{name}:{version}"


_BEFORE, _AFTER = [_arn("a", 1)], [_arn("a", 2), _arn("b", 1)]


def _differs(what: str, found: object, wanted: object) -> list[str]:
    return [] if found == wanted else [f"{what}: {found}, wanted {wanted}"]


def _attached(layers: list[str], report: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with a function that was attached to, or is as it was before."""
    wrong = [] if layers in (_BEFORE, _AFTER) else [f"the function has {layers}"]
    for told in report.get("attachments", ()):
        if told["has"] not in (None, layers):
            wrong.append(f"the function is said to have {told['has']}, and has {layers}")
        if (told["status"] in {"attached", "unchanged"}) and layers != _AFTER:
            wrong.append(f"the function is said to be {told['status']}, and has {layers}")
    return wrong


def _serve_the_old(view: View) -> None:
    """Have a function with an alias that leads to a version with the layers of before."""
    view.furnish(REGION, {"a": 2, "b": 1}, {"f": _BEFORE})
    api = view.client("lambda", REGION)
    api.publish_version(FunctionName="f")
    api.create_alias(FunctionName="f", Name="live", FunctionVersion="1")


def _served(view: View) -> tuple[int, str]:
    """Count the published versions of that function; say where its alias leads."""
    api = view.client("lambda", REGION)
    versions = api.list_versions_by_function(FunctionName="f")["Versions"]
    alias = api.get_alias(FunctionName="f", Name="live")
    return len(versions) - 1, str(alias["FunctionVersion"])


def _promoted() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr(zipfile.ZipInfo("python/a.py"), "A = 1\n")
    return content.getvalue()


_PROMOTED = _promoted()
_ZIP = {
    "key": "a",
    "name": "a",
    "python": "3.12",
    "architecture": "x86_64",
    "runtimes": ["python3.12"],
    "architectures": ["x86_64"],
    "license": "",
    "description": "",
    "sha256": sha256(_PROMOTED).hexdigest(),
}
"""As a build elsewhere left it."""


_OLD = f"a/{_ZIP['sha256']}.zip"
_THEIRS = b"other bytes"


def _keep_a_finished_one(view: View) -> None:
    """Have a version, and its zip where it can be fetched."""
    view.publish("a", REGION, zipped=_PROMOTED)
    view.make_bucket(Located.BUCKET, REGION)
    view.client("s3", REGION).put_object(Bucket=Located.BUCKET, Key=Located.KEY, Body=_PROMOTED)


def _refer_to_an_old_one(view: View) -> None:
    """Have a version of the owner `team` whose zip lies in the bucket."""
    view.make_bucket(BUCKET, REGION)
    view.refer(BUCKET, REGION)
    view.client("s3", REGION).put_object(Bucket=BUCKET, Key=_OLD, Body=_PROMOTED)
    view.publish("a", REGION, f"[llb1 {'k' * 22} team -]", _PROMOTED)


def _referring(view: View) -> Reference:
    rule = Reference()
    stored = view.client("s3", REGION).head_object(Bucket=BUCKET, Key=_OLD)
    named = {"S3Bucket": BUCKET, "S3Key": _OLD, "S3ObjectVersion": stored["VersionId"]}
    rule.objects[_arn("a", 1)] = named
    return rule


def _discarded(view: View, report: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with the old version's object: it goes after it, and what is told is so."""
    is_there = _OLD in view.objects(BUCKET, REGION)
    wrong = []
    if not is_there and _arn("a", 1) in view.versions(REGION):
        wrong.append("the old version is there, and its object is not")
    for layer in report.get("layers", ()):
        told = layer["delivery"].get(REGION, {}).get("discarded", ())
        if is_there and f"s3://{BUCKET}/{_OLD}" in str(told):
            wrong.append("the old object is said to be removed, and is there")
    return wrong


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
        ills=ONCE,
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
        ills=ONCE,
        prepare=lambda view: view.make_bucket(BUCKET, REGION),
        objects=lambda digests: {f"a/{digests['a']}.zip"},
    ),
    Scenario(
        name="permissions and ssm",
        manifest='version: 1\npython: "3.12"\npermissions: {accounts: ["111122223333", "444455556666"]}\n'
        "ssm: /shop/{layer}\nlayers:\n  a: {include: a.py}\n",
        files={"a.py": _text("A = 1\n")},
        names=("a",),
        operations=frozenset(
            {
                *("GetLayerVersionPolicy", "AddLayerVersionPermission"),
                *("GetParameters", "PutParameter"),
            }
        ),
        ills=ONCE,
        strict=True,
        complaints=lambda view: (
            _differs(
                "the policy's statements",
                view.statements("a", 1, REGION),
                [
                    "layer-builder-111122223333",
                    "layer-builder-444455556666",
                ],
            )
            + _differs("the parameter", view.parameter("/shop/a", REGION), _arn("a", 1))
        ),
    ),
    Scenario(
        name="publish what is there",
        manifest='version: 1\npython: "3.12"\npermissions: {accounts: ["111122223333"]}\n'
        "ssm: /shop/{layer}\nretain: 1\nlayers:\n  a: {include: a.py}\n",
        files={"a.py": _text("A = 1\n")},
        names=(),
        again=True,
        ills=ONCE,
        strict=True,
        complaints=lambda view: (
            _differs("the versions", sorted(view.versions(REGION)), [_arn("a", 1)])
            + _differs("the parameter", view.parameter("/shop/a", REGION), _arn("a", 1))
        ),
    ),
    Scenario(
        name="retain",
        manifest='version: 1\npython: "3.12"\nowner: team\nretain: 2\nlayers:\n  a: {include: a.py}\n',
        files={"a.py": _text("A = 1\n")},
        names=("a",),
        operations=frozenset(
            {
                *("ListFunctions", "ListVersionsByFunction", "ListAliases", "GetAccountSettings"),
                *("GetLayerVersionPolicy", "DeleteLayerVersion"),
            }
        ),
        ills=ONCE,
        strict=True,
        prepare=lambda view: view.furnish(REGION, {"a": 4}, {"f": [_arn("a", 1)]}),
        complaints=lambda view: _differs(
            "the versions that stay",
            sorted(view.versions(REGION)),
            [_arn("a", number) for number in (1, 4, 5)],
        ),
    ),
    Scenario(
        name="revoke",
        manifest='version: 1\npython: "3.12"\npermissions: {}\nlayers:\n  a: {include: a.py}\n',
        files={"a.py": _text("A = 1\n")},
        names=("a",),
        operations=frozenset({"GetLayerVersionPolicy", "RemoveLayerVersionPermission"}),
        ills=ONCE,
        strict=True,
        prepare=lambda view: view.share(REGION, "a", 2, "111122223333"),
        complaints=lambda view: _differs(
            "the policies' statements",
            [view.statements("a", version, REGION) for version in (1, 2)],
            [[], []],
        ),
    ),
    Scenario(
        name="retire orphans",
        manifest='version: 1\npython: "3.12"\nowner: team\nlayers:\n  a: {include: a.py}\n',
        files={"a.py": _text("A = 1\n")},
        names=(),
        words=("versions", "--orphans"),
        ills=ONCE,
        strict=True,
        prepare=lambda view: view.furnish(REGION, {"old": 3}, {"f": [_arn("old", 2)]}),
        complaints=lambda view: _differs(
            "the versions that stay", sorted(view.versions(REGION)), [_arn("old", 2)]
        ),
    ),
    Scenario(
        name="attach",
        manifest=_TWO + "owner: team\nfunctions: {api: {function-name: f, layers: [a, b]}}\n",
        files=_TWO_FILES,
        names=(),
        words=("attach",),
        ills=ONCE,
        strict=True,
        # moto says that code lies at `s3://`; this keeps the program from looking there.
        environment={"HTTPS_PROXY": "http://127.0.0.1:9"},
        prepare=lambda view: view.furnish(REGION, {"a": 2, "b": 1}, {"f": [_arn("a", 1)]}),
        midway=lambda view, report: _attached(view.layers_of("f", REGION), report),
        complaints=lambda view: _differs(
            "the function's layers", view.layers_of("f", REGION), _AFTER
        ),
    ),
    Scenario(
        name="attach exact versions and move an alias",
        manifest=_TWO + "functions: {api: {function-name: f, layers: [a, b], alias: live}}\n",
        files=_TWO_FILES,
        names=(),
        words=("attach", "--arns", ",".join(_AFTER)),
        # Without those that the scenario before tries.
        operations=frozenset(
            {
                *("GetLayerVersion", "ListAliases", "ListVersionsByFunction"),
                *("PublishVersion", "UpdateAlias"),
            }
        ),
        ills=ONCE,
        strict=True,
        environment={"HTTPS_PROXY": "http://127.0.0.1:9"},
        prepare=_serve_the_old,
        midway=lambda view, report: _attached(view.layers_of("f", REGION), report),
        complaints=lambda view: (
            _differs("the function's layers", view.layers_of("f", REGION), _AFTER)
            + _differs("its versions, and where its alias leads", _served(view), (2, "2"))
        ),
    ),
    Scenario(
        name="promote",
        manifest=_TWO,
        files={
            **_TWO_FILES,
            "dist/layers/a.zip": lambda: _PROMOTED,
            "dist/layers/zips.json": _text(json.dumps({"version": 1, "layers": [_ZIP]})),
        },
        build=("plan",),
        names=("a",),
        words=("promote", "--digests", json.dumps({"a": _ZIP["sha256"]})),
        ills=ONCE,
    ),
    Scenario(
        name="promote by ARN",
        manifest=_TWO,
        files=_TWO_FILES,
        build=("plan",),
        names=("a",),
        words=("promote", _arn("a", 1), "--aws-region", "us-east-1"),
        regions=("us-east-1",),
        # GetObject is the zip's download.
        operations=frozenset({"GetLayerVersion", "GetObject", "PublishLayerVersion"}),
        ills=FEW,
        prepare=_keep_a_finished_one,
        rules=lambda _, url: (Located(url, REGION),),
    ),
    Scenario(
        name="retain by reference",
        manifest='version: 1\npython: "3.12"\nowner: team\ns3: {mode: reference}\nretain: 1\n'
        "layers:\n  a: {include: a.py}\n",
        files={"a.py": _text("A = 2\n")},
        names=("a",),
        words=("publish", "--s3-bucket", BUCKET),
        build=("build", "--s3-bucket", BUCKET),
        operations=frozenset(
            {
                *("GetBucketVersioning", "GetBucketPolicy", "GetLayerVersion"),
                *("DeleteLayerVersion", "DeleteObject"),
            }
        ),
        ills=FEW,
        prepare=_refer_to_an_old_one,
        rules=lambda view, _: (_referring(view),),
        objects=lambda digests: {f"a/{digests['a']}.zip"},
        may_stay=frozenset({_OLD}),
        midway=_discarded,
        complaints=lambda view: (
            _differs("the versions that stay", sorted(view.versions(REGION)), [_arn("a", 2)])
            + _discarded(view, {})
        ),
    ),
    Scenario(
        name="publish what another exchanged",
        manifest='version: 1\npython: "3.12"\ncompression: fast\nlayers:\n  a: {include: a.bin}\n',
        files={"a.bin": lambda: os.urandom(_OVER_50_MIB)},
        names=("a",),
        words=("publish", "--s3-bucket", BUCKET),
        build=("build", "--s3-bucket", BUCKET),
        operations=frozenset({"PublishLayerVersion", "DeleteLayerVersion"}),
        ills=FEW,
        prepare=lambda view: view.make_bucket(BUCKET, REGION),
        at_first=lambda view: (Intruder(view.client("s3", REGION), _THEIRS),),
        ends=6,
        objects=lambda digests: {f"a/{digests['a']}.zip"},
        foreign=frozenset({sha256(_THEIRS).hexdigest()}),
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
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content())
    (folder / "layers.yml").write_text(scenario.manifest)
