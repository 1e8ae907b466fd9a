import pytest
from pathspec import GitIgnoreSpec

from layer_builder.model.settings import PruneProfile
from layer_builder.prune.rules import AGGRESSIVE, ALWAYS_KEPT, RULES, SAFE


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("numpy/tests/test_a.py", "tests"),
        ("Crypto/SelfTest/x.py", "tests"),
        ("pkg/test/x.py", "tests"),
        ("pkg/__pycache__/a.cpython-312.pyc", "bytecode"),
        ("pkg/old.pyo", "bytecode"),
        ("pkg/a.pyi", "stubs"),
        ("pkg/a.pyx", "native-sources"),
        ("pkg/include/a.h", "native-sources"),
        ("pkg/lib/a.a", "static-libraries"),
        ("bin/tool", "scripts"),
        ("bin/opentelemetry-instrument", None),
        ("pkg/static/app.min.js.map", "source-maps"),
        ("pkg/city.map", None),
        ("pkg/locale/de/LC_MESSAGES/a.po", "translations"),
        ("share/jupyter/nbextensions/a/index.js", "jupyter-copies"),
        ("boto3/docs/x.py", None),
        ("pkg/testing/x.py", None),
        ("pkg/tests.py", None),
        ("pkg/bin/tool", None),
        ("pkg-1.dist-info/RECORD", None),
        ("pkg/README.md", None),
        ("pkg/lib.so", None),
        ("pkg/a.cfg", None),
    ],
)
def test_the_safe_profile_removes(path: str, rule: str | None) -> None:
    assert first(PruneProfile.SAFE, path) == rule


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("pkg-1.dist-info/RECORD", "metadata"),
        ("boto3/docs/x.py", "docs"),
        ("boto3/examples/x.rst", "examples"),
        ("pkg/bin/tool", None),
        ("pkg/bin/tool.jar", None),
        ("pkg/bin/deep/run.sh", "nested-scripts"),
        ("pkg/bin/run.bat", "nested-scripts"),
        ("bin/tool", "scripts"),
        ("pkg/README.md", "texts"),
        ("pkg/names.txt", "texts"),
        ("pkg/requirements-dev.txt", None),
        ("pip/_vendor/t64.exe", "windows"),
        ("pkg/data.json", None),
    ],
)
def test_the_aggressive_profile_removes_besides(path: str, rule: str | None) -> None:
    assert first(PruneProfile.AGGRESSIVE, path) == rule


def first(profile: PruneProfile, path: str) -> str | None:
    found = (
        r.name for r in RULES[profile] if GitIgnoreSpec.from_lines(r.patterns).match_file(path)
    )
    return next(found, None)


def test_what_is_safe_is_also_done_aggressively_and_off_does_nothing() -> None:
    assert set(SAFE) < set(AGGRESSIVE)
    assert RULES[PruneProfile.OFF] == ()


def test_every_rule_has_a_name_of_its_own_and_a_reason() -> None:
    names = [rule.name for rule in AGGRESSIVE]
    assert len(names) == len(set(names))
    assert all(rule.reason for rule in AGGRESSIVE)


@pytest.mark.parametrize("name", ["METADATA", "entry_points.txt"])
def test_what_programs_read_of_metadata_is_always_kept(name: str) -> None:
    assert GitIgnoreSpec.from_lines(ALWAYS_KEPT).match_file(f"pkg-1.dist-info/{name}")
