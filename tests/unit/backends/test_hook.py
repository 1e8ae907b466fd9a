"""Where a backend may write: what uv made for it, whatever else its program names."""

import os
from pathlib import Path

import pytest

from layer_builder.backends.hook import Build


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Give a cache of uv's with a build in it, and with what belongs to others."""
    folder = tmp_path / "cache"
    for name in (
        "builds-v0/.tmpMine/metadata_directory",
        "builds-v0/.tmpMine/lib/python3.12/site-packages",
        "builds-v0/.tmpWheel",
        "builds-v0/.tmpOther/bin",
        "sdists-v11/index/demo/1.0/x/src",
        "archive-v0/abc",
    ):
        (folder / name).mkdir(parents=True)
    return folder


def build(cache: Path, *named: Path, source: str = "sdists-v11/index/demo/1.0/x/src") -> Build:
    program = "\n".join(f"fsdecode({os.fsencode(path)!r})" for path in named)
    environment = cache / "builds-v0/.tmpMine"
    return Build(environment=environment, source=cache / source, program=program)


def test_it_may_write_to_the_folders_and_the_file_that_uv_made_for_it(cache: Path) -> None:
    mine = cache / "builds-v0/.tmpMine"
    folders = [mine / "metadata_directory", cache / "builds-v0/.tmpWheel"]
    answer = mine / "build_wheel.txt"
    asked = build(cache, *folders, answer)
    assert asked.outputs == (folders, [answer])
    assert asked.own == [cache / "sdists-v11/index/demo/1.0/x/src"]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "builds-v0",
        "builds-v0/.tmpMine",
        "builds-v0/.tmpMine/lib",
        "builds-v0/.tmpMine/lib/python3.12/site-packages",
        "builds-v0/.tmpMine/pyvenv.cfg",
        "builds-v0/.tmpOther",
        "builds-v0/.tmpOther/build_wheel.txt",
        "builds-v0/.tmpWheel/../.tmpOther",
        "archive-v0/abc",
        "../..",
        "/etc",
    ],
)
def test_it_may_not_write_to_what_its_program_names_besides(cache: Path, name: str) -> None:
    assert build(cache, cache / name).outputs == ([], [])


def test_a_link_to_what_belongs_to_others_is_what_it_leads_to(cache: Path) -> None:
    link = cache / "builds-v0/.tmpLink"
    link.symlink_to(cache / "archive-v0")
    assert build(cache, link).outputs == ([], [])


@pytest.mark.parametrize("source", ["../workspace", "archive-v0/abc", "."])
def test_a_folder_where_somebody_works_is_not_the_backends_own(cache: Path, source: str) -> None:
    assert build(cache, source=source).own == []
