"""Which lock a member of a uv workspace has."""

from collections.abc import Mapping

import pytest

from layer_builder.errors import ManifestError, Place
from layer_builder.model.layer import Project
from layer_builder.projects.reading import ProjectFiles, find_project
from layer_builder.projects.workspaces import folders_above, has_member
from tests.unit.projects.locks import STANDARD, UV

ROOT = '[tool.uv.workspace]\nmembers = ["libs/*"]\nexclude = ["libs/old*"]\n'


@pytest.mark.parametrize(
    ("folder", "manifest", "expected"),
    [
        (".", [], []),
        ("a", [], [(".", "a")]),
        ("a/b", [], [("a", "b"), (".", "a/b")]),
        (".", ["x", "y"], [("..", "y"), ("../..", "x/y")]),
        ("a", ["x"], [(".", "a"), ("..", "x/a")]),
        ("../z", ["x", "y"], [("..", "z"), ("../..", "x/z")]),
        ("a/../b/.", ["x"], [(".", "b"), ("..", "x/b")]),
    ],
)
def test_the_folders_above_end_where_nothing_may_leave(
    folder: str, manifest: list[str], expected: list[tuple[str, str]]
) -> None:
    assert list(folders_above(folder, manifest)) == expected


@pytest.mark.parametrize(
    ("pyproject", "path", "expected"),
    [
        ("[project]\nname = 'x'\n", "libs/a", None),
        (ROOT, "libs/a", True),
        (ROOT, "libs/a/b", True),  # uv's stars cross slashes
        (ROOT, "libs/old-a", False),
        (ROOT, "apps/a", False),
        ("[tool.uv.workspace]\nmembers = ['./apps/[ab]/']\n", "apps/a", True),
        ("[tool.uv]\nworkspace = {}\n", "a", False),
    ],
)
def test_globs_say_who_is_a_member(pyproject: str, path: str, expected: bool | None) -> None:  # noqa: FBT001 (a table's column)
    assert has_member(pyproject, path) is expected


def find(files: Mapping[str, str], path: str, manifest: tuple[str, ...] = ()) -> ProjectFiles:
    wanted = Project(path=path, place=Place(file="layers.yml"))
    return find_project(wanted, files.get, manifest)


def test_the_nearest_project_above_decides() -> None:
    member, between = "libs/shop/pyproject.toml", "libs/pyproject.toml"
    files = {"pyproject.toml": ROOT, "uv.lock": UV, member: STANDARD}
    assert find(files, "libs/shop").path == "uv.lock"
    assert find(files, "libs/shop").root == ROOT
    # Another project lies between: as for uv, what is above that is none of the member's.
    assert find({**files, between: STANDARD}, "libs/shop").path == member
    assert find({**files, "pyproject.toml": STANDARD}, "libs/shop").path == member
    above = {"../../pyproject.toml": ROOT, "../../uv.lock": UV, "pyproject.toml": STANDARD}
    assert find(above, ".", ("libs", "shop")).path == "../../uv.lock"
    assert find(above, ".", ("shop",)).path == "pyproject.toml"
    # A root has no other above it.
    assert (
        find({**above, "pyproject.toml": ROOT, "uv.lock": UV}, ".", ("libs", "shop")).path
        == "uv.lock"
    )


def test_a_lock_by_name_is_found_like_its_folder() -> None:
    files = {"pyproject.toml": ROOT, "uv.lock": UV, "libs/shop/pyproject.toml": STANDARD}
    assert find(files, "libs/shop/pyproject.toml").path == "libs/shop/pyproject.toml"
    assert find(files, "libs/shop/uv.lock").path == "uv.lock"
    with pytest.raises(ManifestError, match=r"which has no uv\.lock"):
        find({**files, "uv.lock": None}, "libs/shop")  # type: ignore[dict-item]  # not there
