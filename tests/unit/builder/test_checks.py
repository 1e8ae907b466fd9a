"""Warnings of what is not wrong, and worth a look."""

from collections.abc import Collection

import pytest

from layer_builder.builder import checks
from layer_builder.model.target import Architecture, Python, Target
from layer_builder.tree.distributions import Distribution

TARGET = Target(python=Python.PY311, architecture=Architecture.ARM64)


def dist(name: str, *requires: str, version: str = "1.0", **hashes: str) -> Distribution:
    return Distribution(name=name, version=version, record="", hashes=hashes, requires=requires)


def said(
    *installed: Distribution, paths: Collection[str] = (), elsewhere: Collection[str] = ()
) -> list[str]:
    return [p.message for p in checks.warnings(installed, paths, TARGET, elsewhere=elsewhere)]


def test_a_plain_layer_has_no_warnings() -> None:
    installed = [dist("app", "lib>=1"), dist("lib", version="1.5"), dist("boto3"), dist("botocore")]
    assert said(*installed, paths=["app/__init__.py", "app/json.py", "lib.py", "app/test.py"]) == []


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("dataclasses.py", "dataclasses"),
        ("typing/__init__.py", "typing"),
        ("json/decoder.py", "json"),
        ("_socket.cpython-311-aarch64-linux-gnu.so", "_socket"),
    ],
)
def test_a_module_that_replaces_the_standard_librarys_is_named(path: str, name: str) -> None:
    (problem,) = checks.warnings([], [path], TARGET)
    assert problem.message == f"modules of the layer replace the standard library's: {name}"
    assert problem.details == (path,)


@pytest.mark.parametrize(("one", "other"), [("boto3", "botocore"), ("botocore", "boto3")])
def test_half_an_sdk_is_told(one: str, other: str) -> None:
    assert said(dist(one)) == [
        f"{one} without {other}: it will run with the runtime's {other}, of another version"
    ]


def test_two_distributions_that_bring_different_files_of_one_name_are_told() -> None:
    shared = {f"shared/{n}.py": "a" for n in range(5)}
    one = Distribution(
        name="one", version="1", record="", hashes={**shared, "same.py": "s", "a.py": "1"}
    )
    two = Distribution(
        name="two",
        version="1",
        record="",
        hashes={**dict.fromkeys(shared, "b"), "same.py": "s", "b.py": "2"},
    )
    assert said(one, two) == [
        "one and two both bring shared/0.py, shared/1.py, shared/2.py and 2 more; one overwrote the other"
    ]


@pytest.mark.parametrize(
    ("requirement", "message"),
    [
        ("lib", None),
        ("Lib>=1", None),
        ("lib>=2", "app 1.0 needs lib>=2, and the layer has lib 1.0"),
        ("gone", "app 1.0 needs gone, and the layer has none"),
        ("gone; python_version < '3.9'", None),
        (
            "gone; python_version >= '3.10'",
            'app 1.0 needs gone; python_version >= "3.10", and the layer has none',
        ),
        ("gone; sys_platform == 'win32'", None),
        (
            "gone; platform_machine == 'aarch64'",
            'app 1.0 needs gone; platform_machine == "aarch64", and the layer has none',
        ),
        ("gone; platform_machine == 'x86_64'", None),
        ("gone; extra == 'more'", None),
        ("not a requirement !", None),
        ("gone; os_name ~= 'x'", None),
        ("gone; 'a' ~= 'b'", None),
    ],
)
def test_unmet_requirements_are_told(requirement: str, message: str | None) -> None:
    assert said(dist("app", requirement), dist("lib")) == ([message] if message else [])


def test_what_functions_find_elsewhere_is_not_missing() -> None:
    assert said(dist("app", "gone"), elsewhere={"gone"}) == []


def test_development_tools_are_told_together() -> None:
    assert said(dist("mypy"), dist("pytest"), dist("pytest-like")) == [
        "development tools in the layer: mypy, pytest"
    ]


@pytest.mark.parametrize(
    "path",
    [
        "evil.pth",
        "lib/python3.11/site-packages/evil.pth",
        "sitecustomize.py",
        "usercustomize/__init__.py",
        "lib/python3.11/site-packages/sitecustomize.py",
        "sitecustomize.cpython-311-aarch64-linux-gnu.so",
    ],
)
def test_what_runs_as_python_starts_is_named_with_whose_it_is(path: str) -> None:
    (problem,) = checks.start_up_warnings([path, "plain.py"], {path: "evil"}, TARGET)
    assert problem.message == f"code that no function asks for: {path} (evil)"
    assert ("begin with import" in problem.details[0]) is path.endswith(".pth")
    (problem,) = checks.start_up_warnings([path], {}, TARGET)
    assert problem.message.endswith(f"{path} (of the workspace)")


@pytest.mark.parametrize(
    "path",
    ["demo/evil.pth", "demo/sitecustomize.py", "lib/python3.12/site-packages/evil.pth", "pth.py"],
)
def test_what_only_looks_like_it_is_not(path: str) -> None:
    assert list(checks.start_up_warnings([path], {}, TARGET)) == []
