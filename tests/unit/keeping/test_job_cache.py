"""What is kept is trusted as far as the action says, and kept again only where something is new."""

from pathlib import Path

import pytest

from layer_builder.archive import BuildCache
from layer_builder.keeping import CacheKey, JobCache, SignedNotes, replace_file
from layer_builder.keeping.cache_key import JOB_CACHE_VARIABLE


def around(folder: Path, said: str) -> dict[str, str]:
    return {
        "LAYER_BUILDER_CACHE_DIR": str(folder),
        JOB_CACHE_VARIABLE: said,
        "HOME": str(folder / "home"),
        "GITHUB_RUN_ID": "17",
        "GITHUB_RUN_ATTEMPT": "2",
    }


@pytest.mark.parametrize(
    ("said", "is_trusted"),
    [("", True), ("all", True), ("verified", False), ("ALL", False), ("true", False), ("1", False)],
)
def test_any_word_but_all_is_distrust(tmp_path: Path, said: str, *, is_trusted: bool) -> None:
    environ = around(tmp_path, said)
    assert JobCache.around(environ).may_trust is is_trusted
    assert bool(BuildCache.around(environ).folder) is is_trusted
    assert bool(SignedNotes.around(environ, "wheels").folder) is is_trusted


def test_a_note_of_somebody_else_is_not_found_where_nothing_is_trusted(tmp_path: Path) -> None:
    SignedNotes.around(around(tmp_path, "all"), "wheels").keep("six", "known")
    assert SignedNotes.around(around(tmp_path, "all"), "wheels").find("six") == "known"
    strange = SignedNotes.around(around(tmp_path, "verified"), "wheels")
    assert strange.find("six") == ""


def test_the_key_travels_with_what_the_action_keeps_and_the_room_is_smaller(tmp_path: Path) -> None:
    for said, parent in (("all", tmp_path), ("", tmp_path / "home/.config/lambda-layer-builder")):
        environ = around(tmp_path, said)
        key = CacheKey.around(environ, tmp_path)
        assert key
        assert key.path.parent == parent
        room = BuildCache.around(environ).room_bytes
        assert room == (1 if said else 2) * 1024**3


def test_a_run_that_made_nothing_new_gives_no_key(tmp_path: Path) -> None:
    job, entry = JobCache.around(around(tmp_path, "all")), tmp_path / "wheels" / "ab"
    before = job.entries()
    assert job.new_key(before, is_isolated=True) == ""
    entry.parent.mkdir()
    replace_file(entry, lambda file: file.write(b"1"))
    first = job.new_key(before, is_isolated=True)
    content, run = first.split("-", 1)
    assert (len(content), run) == (16, "17-2")

    before = job.entries()
    entry.touch()  # what is taken gets a new time
    assert job.new_key(before, is_isolated=True) == ""
    replace_file(entry, lambda file: file.write(b"1"))
    assert job.new_key(before, is_isolated=True) == first  # the same content, in a run of its own
    (tmp_path / "more").touch()
    assert job.new_key(before, is_isolated=True).split("-")[0] != content
    before = job.entries()
    entry.unlink()
    assert job.new_key(before, is_isolated=True) == ""


@pytest.mark.parametrize(("is_isolated", "has_key"), [(None, True), (True, True), (False, False)])
def test_what_ran_without_isolation_keeps_nothing(
    tmp_path: Path,
    is_isolated: bool | None,  # noqa: FBT001 (a table's column)
    has_key: bool,  # noqa: FBT001
) -> None:
    job = JobCache.around(around(tmp_path, "all"))
    (tmp_path / "new").touch()
    assert bool(job.new_key({}, is_isolated=is_isolated)) == has_key


def test_without_the_action_there_is_nothing_to_hand_on(tmp_path: Path) -> None:
    job = JobCache.around(around(tmp_path, ""))
    (tmp_path / "new").touch()
    assert (job.folder, job.new_key({}, is_isolated=None)) == (None, "")
