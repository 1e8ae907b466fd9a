"""Notes between runs: found by who kept them, about what they were kept about."""

from pathlib import Path

import pytest

from layer_builder.keeping import SignedNotes


def notes(tmp_path: Path, **more: str) -> SignedNotes:
    return SignedNotes.around({"HOME": str(tmp_path / "home"), **more}, "things")


def test_a_note_is_about_one_thing(tmp_path: Path) -> None:
    notes(tmp_path).keep("a", "first")
    notes(tmp_path).keep("b", "second")
    notes(tmp_path).keep("a", "third")
    assert [notes(tmp_path).find(about) for about in "abc"] == ["third", "second", ""]


def test_a_note_does_not_serve_for_another_thing(tmp_path: Path) -> None:
    notes(tmp_path).keep("a", "first")
    folder = tmp_path / "home/.cache/lambda-layer-builder/things"
    [kept] = folder.iterdir()
    notes(tmp_path).keep("b", "second")
    [other] = set(folder.iterdir()) - {kept}
    other.write_bytes(kept.read_bytes())
    assert notes(tmp_path).find("b") == ""


def test_a_note_of_another_user_or_machine_is_none(tmp_path: Path) -> None:
    caches = {"XDG_CACHE_HOME": str(tmp_path / "shared")}
    notes(tmp_path, **caches).keep("a", "first")
    assert notes(tmp_path, **caches).find("a") == "first"
    assert notes(tmp_path, **caches, HOME=str(tmp_path / "another")).find("a") == ""


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({"LAYER_BUILDER_NO_CACHE": "1"}, ""),
        ({"LAYER_BUILDER_NO_CACHE": "builds"}, "first"),
        ({"LAYER_BUILDER_NO_CACHE": ""}, "first"),
        ({"HOME": ""}, ""),
    ],
)
def test_what_may_be_kept(tmp_path: Path, environ: dict[str, str], found: str) -> None:
    notes(tmp_path).keep("a", "first")
    assert notes(tmp_path, **environ).find("a") == found
    notes(tmp_path, **environ).keep("b", "first")
    assert notes(tmp_path).find("b") == found


def test_where_nothing_can_be_kept_nothing_is_found(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    unfit = notes(tmp_path, LAYER_BUILDER_CACHE_DIR=str(tmp_path / "file" / "below"))
    unfit.keep("a", "first")
    assert unfit.find("a") == ""
