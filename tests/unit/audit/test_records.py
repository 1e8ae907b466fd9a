"""Which versions an OSV record is about, as its schema's evaluation has it."""

from typing import Any

import pytest

from layer_builder.audit.records import affected_parts, is_affected


def record(*events: dict[str, str], kind: str = "ECOSYSTEM", **more: object) -> dict[str, Any]:
    package = {"ecosystem": "PyPI", "name": "Ho.ley"}
    ranges = [{"type": kind, "events": list(events)}] if events else []
    return {"id": "X-1", "affected": [{"package": package, "ranges": ranges, **more}]}


@pytest.mark.parametrize(
    ("events", "affected", "not_affected"),
    [
        ([{"introduced": "0"}], ["0.0.1.dev0", "9!1"], []),
        ([{"introduced": "0"}, {"fixed": "1.10"}], ["1.9", "1.10rc1"], ["1.10", "1.10.post1"]),
        ([{"fixed": "1.10"}, {"introduced": "1.2"}], ["1.2", "1.9"], ["1.1", "1.10"]),
        (
            [{"introduced": "1"}, {"last_affected": "2"}],
            ["1", "2.0", "2.0+local"],
            ["2.0.1", "0.9"],
        ),
        (
            [{"introduced": "0"}, {"fixed": "1"}, {"introduced": "2"}, {"fixed": "3"}],
            ["0.5", "2.5"],
            ["1.5", "3"],
        ),
        ([{"introduced": "0"}, {"limit": "2"}], ["1"], ["2"]),
        ([{"introduced": "0"}, {"limit": "*"}], ["2"], []),
        ([{"introduced": "garbage"}], ["1"], []),
    ],
)
def test_ranges(events: list[dict[str, str]], affected: list[str], not_affected: list[str]) -> None:
    parts = affected_parts(record(*events))["ho-ley"]
    assert [one for one in affected if not is_affected(one, parts)] == []
    assert [one for one in not_affected if is_affected(one, parts)] == []


def test_versions_count_by_what_they_mean() -> None:
    parts = affected_parts(record(versions=["1.0", "2.0rc1", "legacy"]))["ho-ley"]
    assert [one for one in ("1", "1.0.0", "2.0-rc.1", "2.0") if is_affected(one, parts)] == [
        "1",
        "1.0.0",
        "2.0-rc.1",
    ]


def test_commits_and_other_ecosystems_say_nothing() -> None:
    parts = affected_parts(record({"introduced": "0"}, kind="GIT"))["ho-ley"]
    assert not is_affected("1", parts)
    other = record({"introduced": "0"})
    other["affected"][0]["package"]["ecosystem"] = "npm"
    assert affected_parts(other) == {}
