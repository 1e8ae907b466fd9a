"""Who may use a layer version: what the manifest asks for against what a policy has."""

import json
from typing import Any

import pytest

from layer_builder.aws import permissions
from layer_builder.model.settings import Permissions

ACCOUNT = "123456789012"


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


OURS = {"Sid": "layer-builder-111122223333", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}}
THEIRS = {"Sid": "theirs", "Principal": "*"}


@pytest.mark.parametrize(
    ("accounts", "there", "change"),
    [
        (["111122223333"], "", "for account 111122223333"),
        (["111122223333"], policy(OURS), ""),
        (["111122223333"], policy(THEIRS), "for account 111122223333"),
        ([], policy(OURS, THEIRS), "no longer for account 111122223333"),
        (["444455556666"], policy(OURS),
         "for account 444455556666, no longer for account 111122223333"),
    ],
)  # fmt: skip
def test_a_policy_is_changed_by_what_it_lacks_and_by_what_is_ours_and_not_wanted(
    accounts: list[str], there: str, change: str
) -> None:
    assert str(permissions.policy_change(Permissions(accounts=tuple(accounts)), there)) == change


@pytest.mark.parametrize("text", ["[]", "{}", "no JSON", '{"Statement": ["x"]}'])
def test_a_policy_that_cannot_be_read_is_not_taken_for_an_empty_one(text: str) -> None:
    with pytest.raises((TypeError, ValueError)):
        permissions.policy_outsiders(text, ACCOUNT)


@pytest.mark.parametrize(
    ("sid", "principal", "lets_in"),
    [
        ("layer-builder-public", "*", ["everybody"]),
        ("layer-builder-111122223333", "111122223333", ["account 111122223333"]),
        ("layer-builder-111122223333", {"AWS": ["arn:aws-cn:iam::111122223333:root"]},
         ["account 111122223333"]),
        (f"layer-builder-{ACCOUNT}", {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, []),
        ("theirs", {"AWS": "*"}, ["* (statement theirs)"]),
        ("theirs", ACCOUNT, [f"{ACCOUNT} (statement theirs)"]),
        ("theirs", {"Service": "x.amazonaws.com"}, ["x.amazonaws.com (statement theirs)"]),
        ("theirs", None, ["* (statement theirs)"]),
        (None, "*", ["* (statement )"]),
    ],
)  # fmt: skip
def test_whoever_is_let_in_besides_the_account_may_use_a_version(
    sid: str | None, principal: object, lets_in: list[str]
) -> None:
    there = policy({"Sid": sid, "Principal": principal})
    assert permissions.policy_outsiders(there, ACCOUNT) == lets_in
    assert permissions.policy_outsiders("", ACCOUNT) == []


RESOURCE = "arn:aws:s3:::ours/layers/*"
READ = {
    "Effect": "Allow",
    "Principal": {"Service": "lambda.amazonaws.com"},
    "Action": ["s3:GetObject", "s3:GetObjectVersion"],
    "Resource": "arn:aws:s3:::ours/*",
}


@pytest.mark.parametrize(
    ("change", "lacks"),
    [
        ({}, 0),
        ({"Action": "s3:Get*"}, 0),
        ({"Action": "*"}, 0),
        ({"Action": "s3:getobject"}, 1),
        ({"Principal": "*"}, 0),
        ({"Principal": {"Service": ["x.amazonaws.com", "lambda.amazonaws.com"]}}, 0),
        ({"Principal": {"Service": "edgelambda.amazonaws.com"}}, 2),
        ({"Principal": {"AWS": "111122223333"}}, 2),
        ({"Effect": "Deny"}, 2),
        ({"Resource": "arn:aws:s3:::ours"}, 2),
        ({"Resource": ["arn:aws:s3:::else/*", RESOURCE]}, 0),
        ({"Resource": "arn:aws:s3:::ours/other/*"}, 2),
    ],
)
def test_a_bucket_must_let_lambda_read_objects_and_their_versions(
    change: dict[str, Any], lacks: int
) -> None:
    assert len(permissions.bucket_lacks(policy({**READ, **change}), RESOURCE)) == lacks


def test_the_statement_that_is_printed_is_enough() -> None:
    assert permissions.bucket_lacks("", RESOURCE) == ["s3:GetObject", "s3:GetObjectVersion"]
    assert permissions.bucket_lacks(permissions.bucket_policy(RESOURCE), RESOURCE) == []
