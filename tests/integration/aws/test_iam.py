"""The policies of docs/iam: each command runs under exactly its own, and needs every action in it.

Who enforces: `Gate`, before the emulator, refuses each call that the policy does not allow, by action
and by resource, with what else AWS asks of the caller (GetLayerVersion of whoever attaches, GetObject
of whoever publishes from a bucket). moto's own enforcement agrees as far as it goes: it looks at
actions and not at resources, calls those of S3 by names of its own, and takes every signature of a
GET for wrong, so that its check of them is off. ministack's takes GetLayerVersion for ListLayers.
What nothing here shows: conditions, and the trust policy.
"""

import json
import os
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from moto.iam.access_control import IAMRequestBase

from ..attach.test_attach import Cloud, Connect, zipped
from ..cloud.iam import Gate, Policy
from ..cloud.program import Done, Program
from ..cloud.proxy import Proxy
from ..cloud.reference import Reference
from ..conftest import REGION, REPOSITORY

FOLDER = REPOSITORY / "docs" / "iam"
ACCOUNT = "123456789012"
BUCKET = "ours"
VALUES = {
    "SOURCE-REGION": "us-east-1",
    "SOURCE-ACCOUNT": ACCOUNT,
    "REGION": REGION,
    "ACCOUNT": ACCOUNT,
    "NAME-PREFIX": "shop-",
    "FUNCTION-PREFIX": "shop-",
    "BUCKET": BUCKET,
    "KEY-PREFIX": "layers/",
    "PARAMETER-PREFIX": "shop/",
    "KEY-ID": "1234abcd-12ab-34cd-56ef-1234567890ab",
}
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{VALUES['KEY-ID']}"
LARGE = 51 * 1024 * 1024

Document: TypeAlias = dict[str, Any]
MotoEnforces: TypeAlias = Callable[[list[Document]], tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A command, the policies that it runs under, and what of the last one it can do without."""

    words: tuple[str, ...]
    files: tuple[str, ...]
    """Names in docs/iam; each action of the last is needed."""
    layer: str = "include: a.py"
    first: str = ""
    """Settings of the layer with which it was published before."""
    function: str = ""
    """Settings of the function."""
    size: int = 1
    keeps_versions: bool = True
    """Whether the bucket does."""
    orphan: bool = False
    """Whether this owner published a layer that the manifest has no more."""
    encrypts: bool = False
    """Whether the bucket does, with a key of one's own."""
    degrades: tuple[str, ...] = ()
    """Actions whose lack is told, and fails nothing."""
    silent: tuple[str, ...] = ()
    """Actions whose lack is not even told."""


S3 = ("--s3-bucket", BUCKET, "--s3-prefix", "layers")
SCENARIOS = {
    "publish": Scenario(
        words=("publish",), files=("publish",), silent=("lambda:GetAccountSettings",)
    ),
    "publish through the bucket": Scenario(
        words=("publish", *S3),
        files=("publish", "publish-s3"),
        layer="include: a.py, compression: fast",
        size=LARGE,
        degrades=("s3:AbortMultipartUpload", "s3:ListBucketMultipartUploads"),
    ),
    "publish by reference": Scenario(
        words=("publish", *S3),
        files=("publish", "publish-s3", "publish-s3-reference"),
        layer="include: a.py, s3: {mode: reference}",
    ),
    "publish through an encrypted bucket": Scenario(
        words=("publish", *S3),
        files=("publish", "publish-s3", "publish-s3-kms"),
        layer="include: a.py, compression: fast",
        size=LARGE,
        encrypts=True,
    ),
    "retention of versions by reference": Scenario(
        words=("publish", *S3),
        files=(
            *("publish", "publish-s3", "publish-s3-reference"),
            *("retention", "retention-s3-reference"),
        ),
        first="include: {from: a.py, to: python/b.py}, s3: {mode: reference}",
        layer="include: a.py, s3: {mode: reference}, retain: 1",
        degrades=("s3:DeleteObjectVersion",),
    ),
    **{
        f"remove zips from a bucket {kind} versions": Scenario(
            words=("publish", *S3),
            files=("publish", "publish-s3", "publish-s3-remove"),
            layer="include: a.py, compression: fast, s3: {remove: true}",
            size=LARGE,
            keeps_versions=keeps,
            degrades=("s3:DeleteObject", "s3:DeleteObjectVersion"),
        )
        for kind, keeps in (("with", True), ("without", False))
    },
    "publish for others": Scenario(
        words=("publish",),
        files=("publish", "publish-permissions"),
        first="include: a.py, permissions: {accounts: ['111111111111']}",
        layer="include: a.py, permissions: {accounts: ['222222222222']}",
    ),
    "publish to a parameter": Scenario(
        words=("publish",),
        files=("publish", "publish-ssm"),
        layer="include: a.py, ssm: '/shop/{layer}'",
    ),
    "retention": Scenario(
        words=("publish",),
        files=("publish", "retention"),
        layer="include: a.py, retain: 1, adopt: true",
        degrades=(
            *("lambda:ListFunctions", "lambda:DeleteLayerVersion"),
            "lambda:GetLayerVersionPolicy",
        ),
    ),
    "attach": Scenario(
        words=("attach",),
        files=("attach",),
        degrades=("lambda:ListAliases", "lambda:ListVersionsByFunction"),
    ),
    "attach and move an alias": Scenario(
        words=("attach",), files=("attach", "attach-alias"), function=", alias: live"
    ),
    "promote": Scenario(
        words=("promote", f"arn:aws:lambda:us-east-1:{ACCOUNT}:layer:shop-code:1"),
        files=("publish", "promote-source"),
    ),
    "attach beside others": Scenario(words=("attach",), files=("attach", "attach-others")),
    "versions": Scenario(
        words=("versions",),
        files=("versions",),
        orphan=True,
        degrades=(
            *("lambda:GetLayerVersion", "lambda:GetLayerVersionPolicy", "lambda:ListLayers"),
            *("lambda:ListFunctions", "lambda:ListAliases", "lambda:GetAccountSettings"),
        ),
    ),
    "orphans": Scenario(
        words=("versions", "--orphans"),
        files=("versions", "versions-orphans"),
        first="include: a.py, permissions: {accounts: ['111111111111']}",
        layer="include: a.py, permissions: {}",
        orphan=True,
    ),
    "orphans by reference": Scenario(
        words=("versions", "--orphans"),
        files=("versions", "versions-orphans", "retention-s3-reference"),
        first="include: a.py, s3: {mode: reference}",
        orphan=True,
        degrades=("s3:DeleteObjectVersion",),
    ),
}


def document(name: str) -> Document:
    """Read a policy and fill its placeholders in, as the README says."""
    text = (FOLDER / f"{name}.json").read_text()
    for placeholder, value in VALUES.items():
        text = text.replace(placeholder, value)
    found: Document = json.loads(text)
    return found


def without(action: str, found: Document) -> Document:
    """Take an action out of a policy."""
    statements = [
        {**statement, "Action": left}
        for statement in found["Statement"]
        if (left := [one for one in statement["Action"] if one != action])
    ]
    return {**found, "Statement": statements}


def actions(found: Document) -> set[str]:
    return {action for statement in found["Statement"] for action in statement["Action"]}


def needed(scenario: Scenario) -> set[str]:
    """List the actions of its last policy, without the one for the other kind of bucket."""
    other = "s3:DeleteObject" if scenario.keeps_versions else "s3:DeleteObjectVersion"
    return actions(document(scenario.files[-1])) - {other}


def lacking() -> Iterator[Any]:
    for name, scenario in SCENARIOS.items():
        for action in sorted(needed(scenario)):
            yield pytest.param(scenario, action, id=f"{name} without {action}")


class World:
    """An AWS in which a scenario can be played, seen through the gate."""

    def __init__(
        self, proxy: Proxy, client: Connect, program: Program, workspace: Path, index: str
    ) -> None:
        self.proxy, self.client, self.program, self.workspace = proxy, client, program, workspace
        self.key = ("testing", "testing")
        self.index = index
        self.gate = Gate(policy=Policy([]), account=ACCOUNT)
        self.reference = Reference()
        self.key_arn = ""

    def prepare(self, scenario: Scenario) -> None:
        """Have everything there that the command works on, without the gate."""
        (self.workspace / "a.py").write_bytes(b"#" + os.urandom(scenario.size))
        cloud = Cloud(self.client)
        stamp = f"[llb1 {'k' * 22} workspace:layers.yml -]"
        cloud.layer("shop-code", versions=2, Description=stamp)
        self._manifest(scenario.layer, scenario.function)
        if scenario.words[0] == "promote":
            self._fetched(stamp)
            return
        if scenario.words[0] == "publish":
            self._bucket(scenario)
            if scenario.first:
                self._manifest(scenario.first)
                self.proxy.rules = [self.reference]
                assert self.run(*scenario.words).code == 0
                self._manifest(scenario.layer)
            return
        if scenario.orphan:
            self._bucket(scenario)
            self._manifest(scenario.first or scenario.layer, key="old")
            self.proxy.rules = [self.reference]
            assert self.run("publish", *S3).code == 0
            self._manifest(scenario.layer)
        cloud.layer("theirs")
        others = "theirs:1" if "attach-others" in scenario.files else ""
        cloud.function("shop-api", f"{others} shop-code:1")
        cloud.api.publish_version(FunctionName="shop-api")
        cloud.api.create_alias(FunctionName="shop-api", Name="live", FunctionVersion="1")

    def _fetched(self, stamp: str) -> None:
        """Have a version in the other region, and its zip here: moto has no address to read it from."""
        content = zipped({"python/x.py": 1})
        self.client("lambda", "us-east-1").publish_layer_version(
            LayerName="shop-code",
            Content={"ZipFile": content},
            CompatibleRuntimes=["python3.12"],
            CompatibleArchitectures=["x86_64"],
            Description=stamp,
        )
        (self.workspace / "dist/layers").mkdir(parents=True)
        (self.workspace / "dist/layers/shop-code.zip").write_bytes(content)

    def _manifest(self, layer: str, function: str = "", key: str = "code") -> None:
        (self.workspace / "layers.yml").write_text(
            'version: 1\npython: "3.12"\nname: "shop-{layer}"\nproof: off\n'
            f"layers:\n  {key}: {{{layer}}}\n"
            f"functions: {{api: {{function-name: shop-api, layers: [{key}]{function}}}}}\n"
        )

    def _bucket(self, scenario: Scenario) -> None:
        s3 = self.client("s3")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        if scenario.keeps_versions:
            s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        if scenario.encrypts:
            self.key_arn = KEY
            rule = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
            s3.put_bucket_encryption(
                Bucket=BUCKET,
                ServerSideEncryptionConfiguration={
                    "Rules": [{"ApplyServerSideEncryptionByDefault": rule}]
                },
            )
        lets_in = {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": ["s3:GetObject", "s3:GetObjectVersion"],
            "Resource": f"arn:aws:s3:::{BUCKET}/layers/*",
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [lets_in]})
        s3.put_bucket_policy(Bucket=BUCKET, Policy=policy)
        if scenario.size == LARGE:
            # A killed run left parts of this very zip.
            assert self.run("build", *S3[:2]).code == 0
            report = json.loads((self.workspace / "dist/layers/report.json").read_text())
            key = f"layers/shop-code/{report['layers'][0]['sha256']}.zip"
            s3.create_multipart_upload(Bucket=BUCKET, Key=key)

    def leftovers(self) -> int:
        return len(self.client("s3").list_multipart_uploads(Bucket=BUCKET).get("Uploads", ()))

    def guard(self, *documents: Document) -> None:
        """From now on only what these policies allow gets through."""
        self.gate = Gate(policy=Policy(documents), account=ACCOUNT, key=self.key_arn)
        self.proxy.rules = [self.gate, self.reference]

    def run(self, *words: str) -> Done:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.workspace.parent / "home"),
            "UV_DEFAULT_INDEX": f"{self.index}/simple",
            "UV_CACHE_DIR": str(self.workspace.parent / "uv-cache"),
            "AWS_ENDPOINT_URL": self.proxy.url,
            "AWS_ACCESS_KEY_ID": self.key[0],
            "AWS_SECRET_ACCESS_KEY": self.key[1],
            "AWS_DEFAULT_REGION": REGION,
            "HTTPS_PROXY": "http://127.0.0.1:9",
            "LAYER_BUILDER_PATIENCE": "0.01",
            "LAYER_BUILDER_NO_CACHE": "builds",
        }
        return self.program.run(*words, folder=self.workspace, environment=environment)


@pytest.fixture
def world(proxy: Proxy, client: Connect, program: Program, workspace: Path, index: str) -> World:
    return World(proxy, client, program, workspace, index)


@pytest.fixture
def moto_enforces(
    aws: str, client: Connect, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MotoEnforces]:
    """Have moto enforce policies, on every resource; gives the keys of a user who has them."""

    def enforce(documents: list[Document]) -> tuple[str, str]:
        iam = client("iam")
        iam.create_user(UserName="u")
        monkeypatch.setattr(IAMRequestBase, "check_signature", lambda _: None)
        for number, found in enumerate(documents):
            statements = [{**statement, "Resource": "*"} for statement in found["Statement"]]
            policy = json.dumps({**found, "Statement": statements})
            iam.put_user_policy(UserName="u", PolicyName=str(number), PolicyDocument=policy)
        key = iam.create_access_key(UserName="u")["AccessKey"]
        reset_auth(aws, "0")
        return key["AccessKeyId"], key["SecretAccessKey"]

    yield enforce
    reset_auth(aws, "inf")


def reset_auth(aws: str, count: str) -> None:
    """Tell moto after how many calls it begins to enforce."""
    asked = urllib.request.Request(
        f"{aws}/moto-api/reset-auth",
        data=count.encode(),
        headers={"Content-Type": "text/plain"},
        method="POST",
    )
    urllib.request.urlopen(asked).close()


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_each_command_runs_under_exactly_its_policies(world: World, scenario: Scenario) -> None:
    documents = [document(name) for name in scenario.files]
    world.prepare(scenario)
    world.guard(*documents)
    done = world.run(*scenario.words)
    assert done.code == 0, done.stderr
    assert world.gate.denied == []
    used = {need.action for need in world.gate.needed}
    assert needed(scenario) <= used, "nothing in the policy is superfluous"
    if scenario.words[0] == "publish":
        assert world.leftovers() == 0


@pytest.mark.parametrize("name", ["publish", "attach", "versions"])
def test_motos_own_enforcement_lets_each_command_through(
    world: World, moto_enforces: MotoEnforces, name: str
) -> None:
    scenario = SCENARIOS[name]
    world.prepare(scenario)
    world.key = moto_enforces([document(name)])
    done = world.run(*scenario.words)
    assert done.code == 0, done.stderr


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("publish", "lambda:PublishLayerVersion"),
        ("publish", "lambda:GetLayerVersion"),
        ("attach", "lambda:UpdateFunctionConfiguration"),
        ("attach", "lambda:GetFunction"),
        ("versions", "lambda:ListLayerVersions"),
    ],
)
def test_motos_own_enforcement_refuses_what_is_lacking(
    world: World, moto_enforces: MotoEnforces, name: str, action: str
) -> None:
    world.prepare(SCENARIOS[name])
    world.key = moto_enforces([without(action, document(name))])
    done = world.run(name)
    assert done.code == 6
    assert f"is not authorized to perform: {action}" in done.stderr


@pytest.mark.parametrize(("scenario", "action"), list(lacking()))
def test_every_action_of_a_policy_is_needed(world: World, scenario: Scenario, action: str) -> None:
    *before, last = [document(name) for name in scenario.files]
    world.prepare(scenario)
    world.guard(*before, without(action, last))
    done = world.run(*scenario.words)
    assert [need.action for need in world.gate.denied][:1] == [action]
    if action in scenario.silent:
        assert done.code == 0, done.stderr
        return
    if action in scenario.degrades:
        assert done.code == 0, done.stderr
        assert action in done.text or world.leftovers() == 1
        return
    assert done.code == 6, done.stderr
    assert action in done.stderr


def test_another_teams_layers_and_functions_are_out_of_reach(world: World) -> None:
    scenario = SCENARIOS["attach"]
    world.prepare(scenario)
    for name in ("NAME-PREFIX", "FUNCTION-PREFIX"):
        theirs = json.loads(json.dumps(document("attach")).replace(
            {"NAME-PREFIX": ":layer:shop-", "FUNCTION-PREFIX": ":function:shop-"}[name],
            {"NAME-PREFIX": ":layer:bank-", "FUNCTION-PREFIX": ":function:bank-"}[name],
        ))  # fmt: skip
        world.guard(theirs)
        done = world.run("attach")
        assert done.code == 6
        assert "because no identity-based policy allows" in done.stderr


@pytest.mark.parametrize("command", ["plan", "build"])
def test_without_publishing_nothing_is_called(world: World, command: str) -> None:
    world.prepare(SCENARIOS["publish"])
    world.guard()
    done = world.run(command)
    assert (done.code, world.gate.needed) == (0, set()), done.stderr


def test_every_policy_has_its_scenario_and_its_line_in_the_readme() -> None:
    names = {path.stem for path in FOLDER.glob("*.json")} - {"trust-github"}
    assert names == {scenario.files[-1] for scenario in SCENARIOS.values()}
    readme = (REPOSITORY / "README.md").read_text()
    assert [name for name in names if f"docs/iam/{name}.json" not in readme] == []
