import json
from collections.abc import Callable
from typing import TypeAlias

import pytest

from layer_builder.aws import permissions as grants
from layer_builder.manifest.reader import read_manifest
from layer_builder.model.settings import Delivery, Permissions, S3Mode

Said: TypeAlias = Callable[[str], list[str]]

TOP = 'version: 1\npython: "3.12"\n'
ONE = "layers: {a: {packages: [x]}}\n"
ORGANIZATION = "o-a1b2c3d4e5"


def test_a_layer_overrides_what_the_top_says_of_its_delivery() -> None:
    text = f"""\
{TOP}permissions: {{accounts: 111122223333}}
ssm: /shop/{{layer}}-{{python}}-{{architecture}}
s3: {{mode: reference}}
layers:
  plain: {{packages: x}}
  own:
    packages: x
    permissions: {{public: true}}
    ssm: /own
    s3: {{remove: true}}
  closed: {{packages: x, permissions: {{}}}}
"""
    plain, own, closed = read_manifest(text, "layers.yml").layers
    assert plain.delivery == Delivery(
        permissions=Permissions(accounts=("111122223333",)),
        parameters=("/shop/plain-312-x86_64",),
        mode=S3Mode.REFERENCE,
    )
    assert own.delivery == Delivery(
        permissions=Permissions(public=True), parameters=("/own",), removes_object=True
    )
    assert closed.delivery.permissions == Permissions()


def test_nothing_is_delivered_unasked() -> None:
    [layer] = read_manifest(TOP + ONE, "layers.yml").layers
    assert layer.delivery == Delivery()
    assert layer.delivery.permissions is None


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("permissions: {accounts: [12345]}", 'an AWS account has 12 digits; quote it: "0123'),
        ("permissions: {organization: mine}", "the id of an AWS organization looks like o-a1b2"),
        ("permissions: {public: 'yes'}", "3:23: public should be a valid boolean"),
        ("permissions: {public: true, accounts: ['111122223333']}", "3:14: permissions: public"),
        ("permissions: {accounts: '*'}", "an AWS account has 12 digits"),
        ("s3: {mode: move}", "3:12: mode: 'move' is not one of copy"),
        ("s3: {mode: reference, remove: true}", "3:5: s3: with mode: reference Lambda keeps"),
        ("ssm: shop", "3:6: ssm: AWS refuses the parameter name 'shop'"),
        ("ssm: /aws/x", "3:6: ssm: AWS refuses the parameter name '/aws/x'"),
        ("ssm: /SSM/x", "3:6: ssm: AWS refuses the parameter name '/SSM/x'"),
        ("ssm: /a//b", "3:6: ssm: AWS refuses the parameter name '/a//b'"),
        (
            "ssm: '/{region}'",
            "3:6: ssm '/{region}': only {layer}, {python}, {architecture}, {version} and {content}",
        ),
        ("regions: mars", "a region looks like eu-west-1"),
        ("regions: []", "3:10: regions"),
    ],
)
def test_what_aws_would_refuse_is_told_at_its_place(
    said: Said, settings: str, message: str
) -> None:
    lines = said(f"{TOP}{settings}\n{ONE}")
    assert message in "\n".join(lines)
    assert lines[0].startswith("layers.yml:3:")


def test_two_layers_do_not_write_one_parameter(said: Said) -> None:
    [problem] = said(f"{TOP}ssm: /x\nlayers: {{a: {{packages: x}}, b: {{packages: x}}}}\n")
    assert "4:28: layer b: writes the SSM parameter /x, and so does a, which is another" in problem
    assert "put {layer}, and {python} or {architecture} if it has several, into ssm:" in problem
    same = "{packages: x, architecture: [x86_64, arm64]}"
    assert len(read_manifest(f"{TOP}ssm: /x\nlayers: {{a: {same}}}\n", "layers.yml").layers) == 2


def test_regions_are_named_once_each() -> None:
    text = f"{TOP}regions: [us-east-1, eu-west-1, us-east-1]\n{ONE}"
    assert read_manifest(text, "layers.yml").regions == ("us-east-1", "eu-west-1")
    assert read_manifest(f"{TOP}regions: eu-west-1\n{ONE}", "layers.yml").regions == ("eu-west-1",)


@pytest.mark.parametrize(
    ("asked", "there", "add", "remove"),
    [
        (Permissions(accounts=("1" * 12,)), [], ["1" * 12], []),
        (Permissions(accounts=("1" * 12,)), ["1" * 12], [], []),
        (Permissions(organization=ORGANIZATION), ["1" * 12], [ORGANIZATION], ["1" * 12]),
        (Permissions(public=True), [], ["public"], []),
        (Permissions(), ["public", ORGANIZATION], [], [ORGANIZATION, "public"]),
    ],
)
def test_a_policy_changes_as_far_as_its_statements_are_ours(
    asked: Permissions, there: list[str], add: list[str], remove: list[str]
) -> None:
    foreign = [{"Sid": "by-hand", "Principal": "*"}, {"Principal": "*"}]
    ours = [{"Sid": f"layer-builder-{who}"} for who in there]
    change = grants.policy_change(asked, json.dumps({"Statement": [*foreign, *ours]}))
    assert [grant.id for grant in change.add] == [f"layer-builder-{who}" for who in add]
    assert list(change.remove) == [f"layer-builder-{who}" for who in remove]
    assert bool(str(change)) is bool(add or remove)


def test_only_public_true_asks_for_everybody_without_an_organization() -> None:
    asked = Permissions(accounts=("1" * 12,), organization=ORGANIZATION)
    assert [(g.principal, g.organization) for g in grants.wanted(asked)] == [
        ("1" * 12, ""), ("*", ORGANIZATION)
    ]  # fmt: skip
    [everybody] = grants.wanted(Permissions(public=True))
    assert (everybody.principal, everybody.organization) == ("*", "")
