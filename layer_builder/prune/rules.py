"""What pruning removes, as data: each rule has a name, a reason, and patterns.

Patterns are gitignore's: a pattern without a slash matches at any depth, one that ends in a slash
matches directories, a leading slash anchors it to the root of the installed packages. Rules apply
to installed distributions only, never to files that the manifest includes from the workspace.
"""

from dataclasses import dataclass

from layer_builder.model import PruneProfile


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One reason to leave files out."""

    name: str
    reason: str
    patterns: tuple[str, ...]
    except_in: frozenset[str] = frozenset()
    """Distributions (normalised names) whose files the rule leaves alone."""
    may_be_read: bool = False
    """Whether a package might open what matches by its name, as data."""


BYTECODE = Rule(
    name="bytecode",
    reason="bytecode with timestamps is stale in a zip with fixed dates, and Python recompiles it",
    patterns=("__pycache__/", "*.pyc", "*.pyo"),
)


SAFE = (
    BYTECODE,
    Rule(
        name="tests",
        reason="a library's own tests; what its code imports of them is put back",
        patterns=("tests/", "test/", "SelfTest/"),
    ),
    Rule(
        name="stubs",
        reason="type stubs are read by type checkers, not by Python; py.typed stays",
        patterns=("*.pyi",),
    ),
    Rule(
        name="native-sources",
        reason="sources and headers of extension modules that are already compiled",
        patterns=("*.c", "*.cc", "*.cpp", "*.h", "*.hpp", "*.pxd", "*.pxi", "*.pyx"),
        # These compile C or Cython while the function runs, from the files they ship.
        except_in=frozenset({"numba", "cffi", "cython", "torch", "triton", "pythran", "pybind11"}),
    ),
    Rule(
        name="static-libraries",
        reason="archives for linking; nothing links in Lambda",
        patterns=("*.a", "*.lib"),
        except_in=frozenset({"torch", "triton"}),
    ),
    Rule(
        name="scripts",
        reason="console scripts; /opt/python/bin is not on Lambda's PATH",
        patterns=("/bin/",),
    ),
)


AGGRESSIVE = (
    *SAFE,
    Rule(
        name="metadata",
        reason="package metadata but for METADATA and entry_points.txt, which programs read",
        patterns=("*.dist-info/", "*.egg-info/"),
    ),
    Rule(name="docs", reason="documentation", patterns=("docs/",), may_be_read=True),
    Rule(name="examples", reason="example programs", patterns=("examples/",), may_be_read=True),
    Rule(name="nested-scripts", reason="programs beside the packages", patterns=("bin/",)),
    Rule(
        name="texts",
        reason="read by people; what a package reads by name is put back",
        patterns=("*.md", "*.txt", "!requirements*.txt"),
        may_be_read=True,
    ),
    Rule(name="windows", reason="programs for Windows", patterns=("*.exe",)),
)


RULES: dict[PruneProfile, tuple[Rule, ...]] = {
    PruneProfile.OFF: (),
    PruneProfile.SAFE: SAFE,
    PruneProfile.AGGRESSIVE: AGGRESSIVE,
}


INSTALLERS = frozenset({"pip", "setuptools", "wheel"})
"""Left out when nobody asked for them by name (profiles safe and aggressive)."""


INSTALLERS_RULE = Rule(
    name="installers",
    reason="pip, setuptools or wheel that only another package's requirements brought in",
    patterns=(),
)


DROP_RULE = Rule(name="drop", reason="the manifest's drop:", patterns=(), may_be_read=True)


ALWAYS_KEPT = ("*.dist-info/METADATA", "*.dist-info/entry_points.txt", "py.typed")
"""Kept whatever the profile: `importlib.metadata` answers from the first two (PEP 566, entry
points specification), type checkers of callers look for the third (PEP 561)."""
