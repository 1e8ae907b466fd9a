"""Locks of each tool: what they hold for a target, and what is wrong with them."""

from collections.abc import Mapping

import pytest

from layer_builder.errors import ManifestError, Place
from layer_builder.model.layer import Project
from layer_builder.model.target import Architecture, Python, Target
from layer_builder.projects import ProjectLines, find_project, read_project
from tests.unit.projects.locks import (
    PIPFILE,
    POETRY,
    POETRY_STANDARD,
    PROJECTS,
    STANDARD,
    UV,
    digest,
    pdm,
    pipfile,
    poetry_1,
    poetry_2,
)

PLACE = Place(file="layers.yml", line=4, column=5)
OWN = {"app": "1.5", "base": "1.2", "helper": "0.1"}
UV_PROJECT = {"uv.lock": UV, "pyproject.toml": STANDARD}


def target(python: str = "3.12") -> Target:
    return Target(python=Python(python), architecture=Architecture.ARM64)


def read(
    files: Mapping[str, str],
    *,
    groups: tuple[str, ...] = (),
    extras: tuple[str, ...] = (),
    python: str = "3.12",
    path: str = ".",
) -> ProjectLines:
    wanted = Project(path=path, place=PLACE, groups=groups, extras=extras)
    return read_project(find_project(wanted, files.get), wanted, target(python))


def versions(lines: ProjectLines) -> dict[str, str]:
    return dict(line.split()[0].split("==") for line in lines.lines)


def refusal(files: Mapping[str, str], **asked: object) -> str:
    with pytest.raises(ManifestError) as caught:
        read(files, **asked)  # type: ignore[arg-type]  # a table's columns
    (problem,) = caught.value.problems
    return "\n".join((problem.message, *problem.advice))


@pytest.mark.parametrize("kind", PROJECTS)
@pytest.mark.parametrize(
    ("groups", "extras", "python", "expected"),
    [
        ([], [], "3.12", {**OWN, "new": "2.0"}),
        ([], [], "3.10", {**OWN, "old": "1.0"}),
        ([], ["web"], "3.12", {**OWN, "new": "2.0", "more": "3.0"}),
        (["core"], [], "3.12", {"base": "1.2"}),
        (["Core"], [], "3.12", {"base": "1.2"}),
        (["core", "main"], [], "3.12", {**OWN, "new": "2.0"}),
        (["core"], ["web"], "3.10", {**OWN, "old": "1.0", "more": "3.0"}),
    ],
)
def test_a_lock_gives_what_is_chosen_of_it_for_the_target(
    kind: str, groups: list[str], extras: list[str], python: str, expected: dict[str, str]
) -> None:
    if kind == "pipenv":  # its extras are categories
        groups, extras = [*groups, *extras, *(["main"] if extras or not groups else [])], []
    if kind == "pylock" and "main" in groups:
        groups = [*groups, "default"]
    found = read(PROJECTS[kind], groups=tuple(groups), extras=tuple(extras), python=python)
    assert versions(found) == expected
    for line in found.lines:
        name = line.partition("==")[0]
        hashes = sorted([digest(name), digest(f"{name} sdist")])
        assert line.split()[1:] == [f"--hash={one}" for one in hashes]


@pytest.mark.parametrize("kind", PROJECTS)
def test_what_the_project_does_not_have_is_named(kind: str) -> None:
    assert "it has no group 'cor'; did you mean 'core'?" in refusal(PROJECTS[kind], groups=("cor",))
    assert "it has no extra 'wbe'" in refusal(PROJECTS[kind], extras=("wbe",))


@pytest.mark.parametrize(
    ("kind", "lock", "source", "renewal"),
    [
        ("poetry 2", "poetry.lock", "pyproject.toml", "poetry lock"),
        ("poetry 1", "poetry.lock", "pyproject.toml", "poetry lock"),
        ("poetry 0.12", "poetry.lock", "pyproject.toml", "poetry lock"),
        ("pdm", "pdm.lock", "pyproject.toml", "pdm lock"),
        ("pdm apart", "pdm.lock", "pyproject.toml", "pdm lock"),
        ("pipenv", "Pipfile.lock", "Pipfile", "pipenv lock"),
    ],
)
def test_a_lock_that_its_project_has_outgrown_names_what_renews_it(
    kind: str, lock: str, source: str, renewal: str
) -> None:
    files = {**PROJECTS[kind]}
    files[source] = files[source].replace("<2", "<3")
    said = refusal(files)
    assert f"project: {lock} is out of date: " in said
    assert f"`{renewal}` renews it" in said
    # What says nothing of requirements makes no lock old.
    files[source] = f"# a comment\n{PROJECTS[kind][source]}"
    assert read(files).lines


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('"app[fast]>=1"', '"app[fast]>=2"', "its dependencies have changed.*: app"),
        ('"app[fast]>=1"', '"app>=1"', "its dependencies have changed.*: app"),
        ('"app[fast]>=1",', '"app[fast]>=1", "six",', "its dependencies have changed.*: six"),
        (">= '3.11'", ">= '3.13'", "its dependencies have changed.*: new"),
        ('["more"]', '["more>=1"]', "the extra web have changed.*: more"),
        ('["base<2"]', "[]", "the group core have changed.*: base"),
        ("dependency-groups", "dependency-groups]\nlate = ['x']\n[x", "the group"),
        ('"shop"', '"cart"', "it does not hold the project 'cart'"),
    ],
)
def test_a_uv_lock_is_compared_with_what_its_project_asks_for(
    old: str, new: str, what: str
) -> None:
    lock = read(UV_PROJECT, groups=("core",), extras=("web",))
    assert lock.for_uv == ("--no-default-groups", "--group", "core", "--extra", "web")
    with pytest.raises(ManifestError, match=rf"uv.lock is out of date: {what}") as caught:
        read({**UV_PROJECT, "pyproject.toml": STANDARD.replace(old, new)})
    assert caught.value.problems[0].advice == ("`uv lock` renews it",)


def test_a_uv_lock_may_word_markers_and_ranges_in_its_own_way() -> None:
    same = STANDARD.replace("'3.11'\"", "'3.11' and os_name == 'posix'\"").replace(">=1", ">=1.0")
    assert read({**UV_PROJECT, "pyproject.toml": same}).for_uv == ("--no-default-groups",)


@pytest.mark.parametrize("kind", [*PROJECTS, "uv"])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda lock: lock[:0],
        lambda lock: lock[: len(lock) // 2],
        lambda lock: lock + "\n<<<<<<< HEAD\n",
        lambda lock: lock.replace("{", "[", 1) if "{" in lock else "x",
        lambda lock: lock[:0] + "[" * 3000,
    ],
)
def test_a_malformed_lock_is_one_clear_message(kind: str, spoil: object) -> None:
    files = {**PROJECTS.get(kind, UV_PROJECT)}
    name = next(iter(files))
    files[name] = spoil(files[name])  # type: ignore[operator]  # a table's column
    said = refusal(files)
    assert f"project: {name}" in said
    assert len(said) < 300


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {"poetry.lock": poetry_2().replace(digest("base"), "md5:1").replace(digest("base sdist"), "")},
            "it has no sha256 of 'base'",
        ),
        ({"poetry.lock": poetry_2().replace('"1.5"', '"1.5; x"')}, "'app' has no version"),
        ({"poetry.lock": poetry_2().replace("groups = ", "groups = 1 #")}, "groups of app is no list"),
        ({"poetry.lock": poetry_2().replace("< \\", "<< \\")}, "the marker of 'old' cannot be evaluated"),
        (
            {"poetry.lock": poetry_2().replace('">=3.10"', '">=3.13"')},
            "it is for Python '>=3.13', and the layer for 3.12",
        ),
        (
            {"poetry.lock": poetry_1().replace('"helper"', '"healer"'), "pyproject.toml": POETRY},
            "it does not hold 'helper', which is required",
        ),
        (
            {"pdm.lock": pdm().replace('"default", "core"', '"default"'), "pyproject.toml": STANDARD},
            "it was made without core: `pdm lock -G :all` adds all",
        ),
        (
            {"Pipfile.lock": pipfile().replace('"==1.5"', '"*"'), "Pipfile": PIPFILE},
            "it does not pin app: pin it in the Pipfile",
        ),
    ],
)  # fmt: skip
def test_a_lock_that_cannot_be_used_says_why(files: dict[str, str], said: str) -> None:
    asked = {"pyproject.toml": POETRY_STANDARD, **files}
    assert said in refusal(asked, groups=("core", "main"))


def test_an_unpinned_entry_for_another_platform_is_left_out() -> None:
    assert "gone" in pipfile()
    assert "gone" not in versions(read(PROJECTS["pipenv"]))


def test_several_locks_are_told_apart_by_name() -> None:
    both = {**PROJECTS["poetry 2"], "pdm.lock": pdm(POETRY_STANDARD)}
    assert "has poetry.lock and pdm.lock, and one lock counts" in refusal(both)
    assert versions(read(both, path="pdm.lock")) == {**OWN, "new": "2.0"}


def test_a_project_without_a_lock_gives_its_own_requirements() -> None:
    assert read({"pyproject.toml": STANDARD}, groups=("core",)).lines == ("base<2",)
    assert read({"pyproject.toml": POETRY}, extras=("web",)).lines == (
        "app[fast]<2.0,>=1",
        'old; (python_version < "3.11")',
        "new; (python_version >= '3.11')",
        "more",
    )
    assert "has no pyproject.toml" in refusal({}, path="pyproject.toml")
    assert "`pipenv lock` writes one" in refusal({"Pipfile": PIPFILE})
    assert "project: . has no uv.lock, poetry.lock, pdm.lock, Pipfile.lock" in refusal({})


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ('type = "git"\nurl = "https://git.example/a"\nresolved_reference = "abc"',
         "app @ git+https://git.example/a@abc"),
        ('type = "git"\nurl = "https://git.example/a"\nresolved_reference = "abc"\n'
         'subdirectory = "sub"', "app @ git+https://git.example/a@abc#subdirectory=sub"),
        ('type = "directory"\nurl = "../libs/app"', "app @ ./../libs/app"),
        ('type = "url"\nurl = "https://files.example/app.whl"',
         f"app @ https://files.example/app.whl#{digest('app').replace(':', '=')}"),
    ],
)  # fmt: skip
def test_what_comes_from_no_index_keeps_its_address(source: str, line: str) -> None:
    lock = poetry_2().replace('[package.dependencies]\nbase = ">=1"', f"[package.source]\n{source}")
    found = read({**PROJECTS["poetry 2"], "poetry.lock": lock})
    assert line in found.lines


def test_an_index_of_its_own_is_named() -> None:
    source = (
        '[package.source]\ntype = "legacy"\nurl = "https://own.example/simple"\nreference = "own"'
    )
    lock = poetry_2().replace('[package.dependencies]\nbase = ">=1"', source)
    found = read({**PROJECTS["poetry 2"], "poetry.lock": lock})
    assert found.text.startswith("--extra-index-url https://own.example/simple\napp==1.5 ")
