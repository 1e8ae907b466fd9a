"""What pruning removes, as data: each rule has a name, a reason, and patterns.

Patterns are gitignore's: a pattern without a slash matches at any depth, one that ends in a slash
matches directories, a leading slash anchors it to the root of the installed packages. Rules apply
to installed distributions only, never to files that the manifest includes from the workspace.
"""

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import PruneProfile
from layer_builder.prune import conditions
from layer_builder.prune.conditions import Condition


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
    where: Condition | None = None
    """What has to hold besides, told from the paths around."""
    may_take_most: bool = False
    """Whether it says nothing when it takes more than half of a distribution."""


BYTECODE = Rule(
    name="bytecode",
    reason="bytecode with timestamps is stale in a zip with fixed dates, and Python recompiles it",
    patterns=("__pycache__/", "*.pyc", "*.pyo"),
    may_take_most=True,
)


TESTS = Rule(
    name="tests",
    reason="a library's own tests; what its code imports or opens of them is put back",
    patterns=("tests/", "test/", "SelfTest/"),
    # Its guides build on `gensim.test.utils`: https://radimrehurek.com/gensim/auto_examples/
    except_in=frozenset({"gensim"}),
    where=conditions.beside_tests,
    may_take_most=True,
)


SCRIPTS = Rule(
    name="scripts",
    reason="console scripts; /opt/python/bin is not on Lambda's PATH",
    # Wrappers of AWS_LAMBDA_EXEC_WRAPPER start a function through these two:
    # https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html#runtime-wrapper
    patterns=("/bin/", "!/bin/ddtrace-run", "!/bin/opentelemetry-instrument"),
)


SOURCE_MAPS = Rule(
    name="source-maps",
    reason="what a browser's developer tools read beside minified scripts and styles",
    patterns=("*.js.map", "*.mjs.map", "*.cjs.map", "*.css.map"),
    may_take_most=True,
)


SAFE = (
    BYTECODE,
    TESTS,
    Rule(
        name="stubs",
        reason="type stubs are read by type checkers, not by Python; py.typed stays",
        patterns=("*.pyi",),
        where=conditions.beside_code,
    ),
    Rule(
        name="native-sources",
        reason="sources and headers of extension modules that are already compiled",
        patterns=("*.c", "*.cc", "*.cpp", "*.h", "*.hpp", "*.pxd", "*.pxi", "*.pyx"),
        # These compile C, C++ or Cython while the function runs, from the files they ship.
        except_in=frozenset(
            {"numba", "cffi", "cython", "torch", "triton", "pythran", "pybind11", "warp-lang"}
        ),
        may_take_most=True,
    ),
    Rule(
        name="static-libraries",
        reason="archives for linking; nothing links in Lambda",
        patterns=("*.a", "*.lib"),
        except_in=frozenset({"torch", "triton"}),
    ),
    SCRIPTS,
    SOURCE_MAPS,
    Rule(
        name="translations",
        reason="sources of translations; gettext reads the compiled .mo beside them",
        patterns=("*.po",),
        where=conditions.beside_catalogues,
        may_take_most=True,
    ),
    Rule(
        name="jupyter-copies",
        reason="extensions of Jupyter that the package has once more; Jupyter is not in Lambda",
        patterns=("/share/jupyter/",),
        where=conditions.copied,
        may_take_most=True,
    ),
)


AGGRESSIVE = (
    *SAFE,
    Rule(
        name="metadata",
        reason="package metadata but for METADATA, WHEEL and entry_points.txt, which programs read",
        patterns=("*.dist-info/", "*.egg-info/"),
    ),
    Rule(name="docs", reason="documentation", patterns=("docs/",), may_be_read=True),
    Rule(name="examples", reason="example programs", patterns=("examples/",), may_be_read=True),
    Rule(
        name="nested-scripts",
        reason="shell scripts beside the packages; what else is in bin/ are engines and libraries",
        patterns=tuple(f"**/bin/**/*{suffix}" for suffix in (".sh", ".ps1", ".cmd", ".bat")),
    ),
    Rule(
        name="texts",
        reason="README, CHANGELOG and the like; what a package reads by name is put back",
        patterns=(
            *("*.md", "*.txt", "*.rst", "!requirements*.txt"),
            *("!LICEN[CS]E*", "!COPYING*", "!NOTICE*"),
        ),
        may_be_read=True,
        where=conditions.for_people,
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
    may_take_most=True,
)


DROP_RULE = Rule(
    name="drop",
    reason="the manifest's drop:",
    patterns=(),
    may_be_read=True,
    may_take_most=True,
)


ALWAYS_KEPT = (
    "*.dist-info/METADATA",
    "*.dist-info/entry_points.txt",
    "*.dist-info/WHEEL",
    "py.typed",
    "*.dist-info/licenses/",
    "*.dist-info/LICEN[CS]E*",
    "*.dist-info/COPYING*",
    "*.dist-info/NOTICE*",
    "*.dist-info/AUTHORS*",
)
"""Kept whatever the profile: `importlib.metadata` answers from the first two (PEP 566, entry
points specification), `read_text("WHEEL")` from the third, type checkers of callers look for the
fourth (PEP 561). The rest are the texts of
licences: who hands a layer on hands them on with it. PEP 639 has them in `licenses/`; older wheels
beside METADATA, by these names of setuptools' `license_files`."""
