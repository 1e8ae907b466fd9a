"""What GitHub answered decides whether a commit is released, and where v0 goes."""

from typing import Any

import pytest

from release import decisions
from release.errors import RefusedError

COMMIT = "a" * 40
RUN = {
    "id": 7,
    "run_number": 3,
    "head_sha": COMMIT,
    "head_branch": "main",
    "event": "push",
    "path": ".github/workflows/ci.yml",
    "status": "completed",
    "conclusion": "success",
    "html_url": "https://github.com/x/y/actions/runs/7",
}
DIGESTS = {"a.tar.gz": "1" * 64}
DRAFT = {
    "id": 9,
    "tag_name": "v0.2.0",
    "draft": True,
    "target_commitish": COMMIT,
    "assets": [{"name": "a.tar.gz", "digest": "sha256:" + "1" * 64}],
}


def refs(*names: str) -> list[dict[str, Any]]:
    return [{"ref": f"refs/tags/{name}"} for name in names]


def test_the_newest_push_run_of_the_commit_decides() -> None:
    older = RUN | {"run_number": 2, "id": 6, "conclusion": "failure"}
    assert decisions.require_green([older, RUN], COMMIT, "main") == 7
    newer = RUN | {"run_number": 4, "id": 8, "conclusion": "failure"}
    with pytest.raises(RefusedError, match=r"not green at a+: failure"):
        decisions.require_green([newer, RUN], COMMIT, "main")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"head_sha": "b" * 40}, "has not run"),
        ({"head_branch": "other"}, "has not run"),
        ({"event": "pull_request"}, "has not run"),
        ({"path": ".github/workflows/other.yml"}, "has not run"),
        ({"status": "in_progress", "conclusion": None}, "in_progress"),
        ({"conclusion": "cancelled"}, "cancelled"),
        ({"conclusion": "skipped"}, "skipped"),
    ],
)
def test_what_is_not_green_is_not_released(change: dict[str, Any], words: str) -> None:
    with pytest.raises(RefusedError, match=words):
        decisions.require_green([RUN | change], COMMIT, "main")


def test_a_draft_is_replaced_and_a_release_is_not() -> None:
    assert decisions.require_unreleased([DRAFT, DRAFT | {"tag_name": "v0.1.0"}], [], "0.2.0") == [9]
    with pytest.raises(RefusedError, match="is released"):
        decisions.require_unreleased([DRAFT | {"draft": False}], [], "0.2.0")
    with pytest.raises(RefusedError, match="exists without a release"):
        decisions.require_unreleased([], refs("v0.2.0"), "0.2.0")
    assert decisions.require_unreleased([], refs("v0.2.01"), "0.2.0") == []


@pytest.mark.parametrize(
    "change",
    [
        {"tag_name": "v0.3.0"},
        {"target_commitish": "main"},
        {"assets": []},
        {"assets": [{"name": "a.tar.gz", "digest": "sha256:" + "2" * 64}]},
        {"assets": [{"name": "a.tar.gz", "digest": None}]},
        {"assets": [*DRAFT["assets"], {"name": "b", "digest": "sha256:" + "3" * 64}]},  # type: ignore[misc] # a list
    ],
)
def test_a_draft_that_somebody_changed_is_not_published(change: dict[str, Any]) -> None:
    decisions.require_same(DRAFT, "0.2.0", COMMIT, DIGESTS)
    with pytest.raises(RefusedError, match="not what this run made"):
        decisions.require_same(DRAFT | change, "0.2.0", COMMIT, DIGESTS)


def test_a_release_that_can_change_or_lies_elsewhere_moves_nothing() -> None:
    release = DRAFT | {"draft": False, "immutable": True}
    ref = {"ref": "refs/tags/v0.2.0", "object": {"type": "commit", "sha": COMMIT}}
    decisions.require_tagged(release, ref, COMMIT)
    with pytest.raises(RefusedError, match="enable immutable releases"):
        decisions.require_tagged(release | {"immutable": False}, ref, COMMIT)
    for target in ({"type": "commit", "sha": "b" * 40}, {"type": "tag", "sha": COMMIT}):
        with pytest.raises(RefusedError, match="not at a"):
            decisions.require_tagged(release, ref | {"object": target}, COMMIT)


@pytest.mark.parametrize(
    ("tags", "version", "moves"),
    [
        ([], "0.2.0", True),
        (["v0", "v0.1.0", "v0.2.0"], "0.2.0", True),
        (["v0.10.0"], "0.9.1", False),
        (["v1.0.0"], "0.2.0", True),
        (["v0.3.0-rc1", "v0-old"], "0.2.0", True),
    ],
)
def test_the_majors_tag_never_goes_back(tags: list[str], version: str, *, moves: bool) -> None:
    assert decisions.moves_major(refs(*tags), version) is moves
    assert decisions.major_of(version) == "v0"
