import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer_builder.model.layer_version import CodeStorage, LayerUser, VersionSummary
from layer_builder.model.settings import Permissions, Retention
from layer_builder.publish import retention

ARN = "arn:aws:lambda:eu-west-1:123456789012:layer:core:{}"
ACCOUNT = "123456789012"
TODAY = datetime(2026, 11, 24, 12, tzinfo=UTC)


def version(number: int, created: str = "2020-01-01T00:00:00.000+0000") -> VersionSummary:
    return VersionSummary(
        arn=ARN.format(number), number=number, created=created, runtimes=(), architectures=()
    )


def aged(number: int, days: float) -> VersionSummary:
    moment = TODAY - timedelta(days=days)
    return version(number, moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000"))


def went(plan: retention.Plan) -> list[int]:
    return [version.number for version in plan.goes]


@pytest.mark.parametrize(
    ("versions", "coming", "there", "goes"),
    [
        (1, 0, [], []),
        (1, 0, [7], []),
        (1, 1, [7], [7]),
        (1, 0, [7, 9], [7]),
        (2, 0, [9, 7], []),
        (2, 1, [9, 7], [7]),
        (2, 0, [3, 11, 7, 1], [1, 3]),
        (9, 0, [1, 2, 3], []),
        (9, 1, [1, 2, 3], []),
    ],
)
def test_what_is_older_than_the_newest_that_stay_goes_oldest_first(
    versions: int, coming: int, there: list[int], goes: list[int]
) -> None:
    found = [version(number) for number in there]
    plan = retention.plan(Retention(versions=versions), found, TODAY, coming)
    assert (went(plan), plan.stays) == (goes, ())


@pytest.mark.parametrize(
    ("created", "why"),
    [
        ("2020-01-01T00:00:00.000+0000", None),
        ("2026-10-25T12:00:00.000+0000", None),
        ("2026-10-25T12:00:00.001+0000", "younger than 30 days: of 2026-10-25"),
        ("2026-10-25T14:00:00.000+0200", None),
        ("2026-10-25T12:00:00Z", None),
        ("2026-10-25T11:59:59", None),
        ("2027-01-01T00:00:00.000+0000", "younger than 30 days: of 2027-01-01"),
        ("", "its date cannot be read: ''"),
        ("yesterday", "its date cannot be read: 'yesterday'"),
    ],
)
def test_a_version_goes_only_when_it_is_known_to_be_old(created: str, why: str | None) -> None:
    rule = Retention(versions=1, days=30)
    plan = retention.plan(rule, [version(1, created), version(2)], TODAY)
    assert went(plan) == ([] if why else [1])
    assert [kept.why for kept in plan.stays] == ([why] if why else [])


def test_without_days_no_date_is_needed() -> None:
    plan = retention.plan(Retention(versions=1), [version(1, ""), version(2)], TODAY)
    assert went(plan) == [1]


def test_users_are_named_as_lambda_names_them() -> None:
    found = [
        LayerUser(function="worker", qualifier="$LATEST", layers=(ARN.format(1), ARN.format(1))),
        LayerUser(function="api", qualifier="10", layers=(ARN.format(1), ARN.format(2))),
        LayerUser(function="api", qualifier="9", layers=(ARN.format(1),)),
        LayerUser(function="api", qualifier="$LATEST", layers=(ARN.format(1),)),
        LayerUser(function="other", qualifier="$LATEST", layers=()),
    ]
    assert retention.users(found) == {
        ARN.format(1): "used by api, api:9, api:10 and 1 more",
        ARN.format(2): "used by api:10",
    }


def policy(*statements: tuple[str, object]) -> str:
    return json.dumps({"Statement": [{"Sid": sid, "Principal": who} for sid, who in statements]})


OTHER = "999999999999"
ROOT = "arn:aws:iam::{}:root"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("", ""),
        (policy(), ""),
        (policy((f"layer-builder-{ACCOUNT}", {"AWS": ROOT.format(ACCOUNT)})), ""),
        (policy((f"layer-builder-{OTHER}", {"AWS": ROOT.format(OTHER)})), f"account {OTHER}"),
        (policy((f"layer-builder-{ACCOUNT}", OTHER)), f"account {ACCOUNT}"),
        (policy(("layer-builder-public", "*")), "everybody"),
        (policy(("layer-builder-o-abcdefghij", "*")), "organization o-abcdefghij"),
        (policy(("x", {"AWS": [OTHER, "*"]})), f"{OTHER} (statement x), * (statement x)"),
        (policy(("mine", ACCOUNT)), f"{ACCOUNT} (statement mine)"),
        (policy(("x", None)), "* (statement x)"),
    ],
)
def test_whoever_may_use_a_version_besides_its_account_keeps_it(said: str, why: str) -> None:
    expected = f"its policy lets others use it: {why}" if why else ""
    assert retention.others(said, ACCOUNT) == expected


OURS = policy(
    (f"layer-builder-{OTHER}", OTHER), ("layer-builder-o-abcdefghij", "*"), ("x", OTHER),
)  # fmt: skip
SIDS = [f"layer-builder-{OTHER}", "layer-builder-o-abcdefghij"]


@pytest.mark.parametrize(
    ("named", "ends"),
    [
        ([], []),
        ([Permissions()], SIDS),
        ([Permissions(accounts=(OTHER,))], SIDS[1:]),
        ([Permissions(accounts=(OTHER,)), Permissions(organization="o-abcdefghij")], []),
        ([Permissions(), Permissions(accounts=(OTHER,))], SIDS[1:]),
        ([Permissions(), Permissions(public=True)], []),
    ],
)
def test_what_no_permissions_of_the_manifest_name_ends(
    named: list[Permissions], ends: list[str]
) -> None:
    found = retention.let_in(OURS, ACCOUNT, named)
    assert list(found.ends) == ends
    assert f"{OTHER} (statement x)" in found.stays, "a statement of others stays, and is a reason"
    assert found.names == (
        f"account {OTHER}",
        "organization o-abcdefghij",
        f"{OTHER} (statement x)",
    )


@pytest.mark.parametrize("said", ["?", "[]", "{}", '{"Statement": ["x"]}'])
def test_a_policy_that_cannot_be_read_is_no_leave_to_delete(said: str) -> None:
    with pytest.raises((TypeError, ValueError)):
        retention.others(said, ACCOUNT)


GIB = 1024**3


@pytest.mark.parametrize(
    ("used", "message"),
    [
        (0, None),
        (239 * GIB, None),
        (
            240 * GIB,
            "code storage in eu-west-1: 240.0 GiB used, 80% of 300.0 GiB; 60.0 GiB left for all"
            " functions and layers",
        ),
    ],
)
def test_code_storage_is_warned_of_from_80_percent_on(used: int, message: str | None) -> None:
    problem = retention.near_the_limit("eu-west-1", CodeStorage(used=used, allowed=300 * GIB))
    assert (problem and problem.message) == message


@given(
    numbers=st.sets(st.integers(1, 40), max_size=20),
    ages=st.lists(st.integers(0, 60), min_size=20, max_size=20),
    rule=st.builds(
        lambda versions, days: Retention(versions=versions, days=days),
        st.integers(1, 8),
        st.integers(0, 40),
    ),
    coming=st.integers(0, 1),
    used=st.sets(st.integers(1, 40)),
    shared=st.sets(st.integers(1, 40)),
)
def test_nothing_goes_that_has_a_reason_to_stay_and_all_else_does(  # noqa: PLR0913, PLR0917 (what decides)
    numbers: set[int],
    ages: Sequence[int],
    rule: Retention,
    coming: int,
    used: set[int],
    shared: set[int],
) -> None:
    versions = [aged(number, days) for number, days in zip(sorted(numbers), ages, strict=False)]
    days = dict(zip(sorted(numbers), ages, strict=False))
    users = [
        LayerUser(function="f", qualifier="1", layers=tuple(ARN.format(n) for n in sorted(used)))
    ]
    named = retention.users(users)
    plan = retention.plan(rule, versions, TODAY, coming)
    plan = plan.spared(lambda version: named.get(version.arn, ""))
    plan = plan.spared(lambda version: "shared" * (version.number in shared))
    keep = rule.versions - coming
    newest = set(sorted(numbers)[-keep:]) if keep else set()
    young = {number for number in numbers if days[number] < rule.days}
    assert set(went(plan)) == numbers - newest - young - used - shared
    assert went(plan) == sorted(went(plan))
    stays = [int(kept.arn.rpartition(":")[2]) for kept in plan.stays]
    assert stays == sorted(numbers - newest - set(went(plan)))
    assert all(kept.why for kept in plan.stays)
