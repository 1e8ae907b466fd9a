"""Regions that are none, that an account has not enabled, or that a policy keeps it out of."""

import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest

from ..cloud.answers import Answer, refusal
from ..cloud.calls import Call
from ..cloud.proxy import Proxy

Run: TypeAlias = Callable[..., CompletedProcess[str]]

UNKNOWN = "The security token included in the request is invalid."


@pytest.fixture(autouse=True)
def _(workspace: Path) -> None:
    (workspace / "a.py").write_text("A = 1\n")
    (workspace / "layers.yml").write_text(
        'version: 1\npython: "3.12"\nlayers: {a: {include: a.py}}\n'
    )


class NotEnabled:
    """A region that does not know the account's credentials, as one that is not enabled."""

    def __init__(self, region: str, *, code: str = "") -> None:
        self.region, self.code = region, code

    def refuse(self, call: Call) -> Answer | None:
        if call.region != self.region:
            return None
        if call.service == "sts":
            return refusal(call, 403, self.code or "InvalidClientTokenId", UNKNOWN)
        return refusal(call, 403, "UnrecognizedClientException", UNKNOWN)

    def amend(self, call: Call, answer: Answer) -> Answer:  # noqa: ARG002 (a rule of the proxy has both)
        return answer


class Denies:
    """A Lambda that denies all with a text."""

    def __init__(self, operation: str, text: str) -> None:
        self.operation, self.text = operation, text

    def refuse(self, call: Call) -> Answer | None:
        if call.operation != self.operation:
            return None
        return refusal(call, 403, "AccessDeniedException", self.text)

    def amend(self, call: Call, answer: Answer) -> Answer:  # noqa: ARG002 (the same)
        return answer


@pytest.mark.parametrize("command", ["publish", "plan"])
@pytest.mark.parametrize("region", ["eu-wset-1", "us-esat-2"])
def test_a_misspelt_region_of_the_input_ends_before_the_build(
    run: Run, workspace: Path, proxy: Proxy, region: str, command: str
) -> None:
    done = run(command, "--aws-region", region, env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 2, done.stderr
    assert f"'{region}' is not a region of AWS" in done.stderr
    assert "  → did you mean " in done.stderr
    assert not list(workspace.glob("dist/layers/*.zip"))
    assert proxy.operations() == []


def test_a_misspelt_region_of_the_manifest_is_told_with_its_line(run: Run, workspace: Path) -> None:
    manifest = workspace / "layers.yml"
    manifest.write_text(manifest.read_text() + "regions: [eu-west-1, eu-cental-1]\n")
    done = run("publish")
    assert done.returncode == 2, done.stderr
    assert "layers.yml:4:10: 'eu-cental-1' is not a region of AWS" in done.stderr
    assert "did you mean eu-central-1" in done.stderr
    assert run("publish", "--aws-region", "eu-west-1").returncode == 0, "it is not asked for"


@pytest.mark.parametrize("region", ["nz-south-1", "eu-west-9", "eusc-de-east-1", "us-gov-east-1"])
def test_a_region_that_botocore_does_not_know_is_tried(run: Run, proxy: Proxy, region: str) -> None:
    words = ["publish", "--dry-run", "--aws-region", f"eu-west-1,{region}"]
    done = run(*words, env={"AWS_ENDPOINT_URL": proxy.url})
    assert "is not a region" not in done.stderr
    if region[:3] in {"eus", "us-"}:
        assert done.returncode == 6
        assert f"the region {region} is of the partition aws-" in done.stderr
    else:
        # moto knows neither, and fails at Lambda's call.
        asked = [heard.region for heard in proxy.heard if heard.operation == "GetCallerIdentity"]
        assert asked == ["eu-west-1", region], "one that may not exist is asked itself"


def test_a_region_that_nobody_answers_in_is_told_with_the_nearest(run: Run) -> None:
    env = {"AWS_ENDPOINT_URL": None, "HTTPS_PROXY": "http://127.0.0.1:9"}
    done = run("publish", "--aws-region", "ue-west-1", env=env)
    assert done.returncode == 6, done.stderr
    assert "AWS in ue-west-1 was not reached: the proxy did not connect" in done.stderr
    (nearest,) = re.findall("  → did you mean (.+)", done.stderr)
    assert "eu-west-1" in nearest.rstrip("?").split(" or ")


@pytest.mark.parametrize("regions", ["af-south-1", "eu-west-1,af-south-1"])
@pytest.mark.parametrize("code", ["InvalidClientTokenId", "RegionDisabledException"])
def test_a_region_that_is_not_enabled_is_told_as_that(
    run: Run, proxy: Proxy, regions: str, code: str
) -> None:
    proxy.rules = [NotEnabled("af-south-1", code=code)]
    done = run("publish", "--aws-region", regions, env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 6, done.stderr
    assert "the region af-south-1 is not enabled for the account 123456789012" in done.stderr
    assert "aws account enable-region --region-name af-south-1" in done.stderr
    assert "does not know these credentials\n" not in done.stderr


def test_credentials_that_no_region_knows_are_told_as_that(
    run: Run, proxy: Proxy, workspace: Path
) -> None:
    class Nowhere(NotEnabled):
        def refuse(self, call: Call) -> Answer | None:
            self.region = call.region
            return super().refuse(call)

    proxy.rules = [Nowhere("")]
    done = run("publish", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 6, done.stderr
    assert "AWS does not know these credentials" in done.stderr
    assert not list(workspace.glob("dist/layers/*.zip"))


WHO = "User: arn:aws:sts::123456789012:assumed-role/layers/run is not authorized to perform:"
ON = "on resource: arn:aws:lambda:eu-west-1:123456789012:layer:a"
PUBLISH = f"{WHO} lambda:PublishLayerVersion {ON}"
DENIALS = {
    "SCP": (
        f"{PUBLISH} with an explicit deny in a service control policy",
        ["a service control policy forbids lambda:PublishLayerVersion",
         "ask who administers the organization"],
    ),
    "SCP with its ARN": (
        f"{PUBLISH} with an explicit deny in a service control policy:"
        " arn:aws:organizations::1:policy/o-1/service_control_policy/p-2",
        ["a service control policy forbids lambda:PublishLayerVersion"
         " (arn:aws:organizations::1:policy/o-1/service_control_policy/p-2)"],
    ),
    "boundary": (
        f"{PUBLISH} with an explicit deny in a permissions boundary",
        ["a permissions boundary forbids lambda:PublishLayerVersion"],
    ),
    "own policy": (
        f"{PUBLISH} with an explicit deny in an identity-based policy",
        ["a identity-based policy forbids".replace("a i", "an i"), "who owns the role's policies"],
    ),
    "no session policy": (
        f"{PUBLISH} because no session policy allows the lambda:PublishLayerVersion action",
        ["no session policy allows lambda:PublishLayerVersion",
         "the role's own policies are not enough"],
    ),
    "nothing allows": (
        f"{PUBLISH} because no identity-based policy allows the lambda:PublishLayerVersion action",
        ["AWS does not allow PublishLayerVersion", "give the role the permission for"],
    ),
    "KMS": (
        f"{WHO} kms:Decrypt on resource: arn:aws:kms:eu-west-1:123456789012:key/k because no"
        " identity-based policy allows the kms:Decrypt action",
        ["the key that the bucket encrypts with may not be used", "kms:Decrypt on arn:aws:kms:",
         "docs/iam/publish-s3-kms.json"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "said"), DENIALS.values(), ids=DENIALS)
def test_each_denial_has_its_own_words(run: Run, proxy: Proxy, text: str, said: list[str]) -> None:
    proxy.rules = [Denies("PublishLayerVersion", text)]
    done = run("publish", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 6, done.stderr
    assert [part for part in said if part not in done.stderr] == []
    helps = "give the role the permission" in done.stderr
    assert helps is ("because no identity-based" in text), "it would help nothing"
