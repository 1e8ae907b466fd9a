"""The door to the target's Python: finds one, has it import modules under guard.

Where interpreters are: PATH, pyenv's versions, the runner's tool cache, uv's own. What is found is
asked for its version before it is believed: an inactive pyenv shim answers with an error.
"""

import json
import os
import platform
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field, replace
from itertools import chain
from pathlib import Path
from types import MappingProxyType

import uv as uv_package

from layer_builder.errors import InstallError
from layer_builder.isolation import Policy, prefixes, run_confined, what_holds
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import CompiledSource, ImportCost, Target
from layer_builder.native import base_libraries
from layer_builder.prove import results, selection
from layer_builder.prove.confirm import confirm
from layer_builder.prove.process import SECONDS, ImportProcess
from layer_builder.prove.results import (
    Compilation,
    ImportResult,
    ImportResults,
    Verdict,
)
from layer_builder.prove.start import Bench

_COMPILER = Path(__file__).parent / "programs" / "compile_bytecode.py"


_ASK = (
    "import platform, sys; "
    "print(sys.implementation.name, '%d.%d' % sys.version_info[:2], platform.machine(), sys.platform);"
    "print(sys.executable);"
    "print(sys.version.replace('\\n', ' '))"
)


MODULE_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    """A Python that is the target's minor version and runs on this machine."""

    path: str
    seconds: float = MODULE_SECONDS
    """Bounds each module."""
    isolated: tuple[str, ...] = field(default=(), compare=False)
    """What this machine keeps its imports from, as a trial without any showed."""
    libraries: frozenset[str] | None = field(default=None, compare=False)
    """The shared libraries that the runtime has; None where this machine's may do."""
    version: str = field(default="", compare=False)
    """All that it says of its version and build; unknown where it was not asked."""
    leave: str = ""
    """Why it may import where nothing isolates that; empty where it may not."""

    def with_leave(self, why: str) -> "Interpreter":
        """Give the same, which may import wherever it is; empty text takes the leave away."""
        return replace(self, leave=why)

    def import_modules(
        self,
        root: Path,
        modules: Sequence[str],
        *,
        caches: Sequence[Path],
        others: Sequence[Path] = (),
        watch: bool = False,
    ) -> ImportResults:
        """Import modules one after another; a death is its module's verdict, the rest go on.

        Args:
            root: the layer, as /opt/python.
            modules: names, or `module:attribute` as entry points have it.
            caches: the first takes the bytecode, so that a later attempt need not compile again;
                the rest have that of layers below.
            others: folders that come behind on `sys.path`: of packages that the runtime brings.
            watch: note which files of the layer each import opens.

        Raises ProofError where they must be isolated and cannot be.
        """
        bench = self._bench(root, caches, others)
        by_name: dict[str, ImportResult] = {}
        version, isolated = "", tuple[str, ...]()
        costs: list[ImportCost | None] = []
        left = list(modules)
        while left:
            run = ImportProcess(bench, left, watch=watch, seconds=self.seconds)
            by_name |= dict(run.by_name())
            costs.append(run.cost)
            version, isolated = run.version or version, run.isolated
            rest = [name for name in left if name not in by_name]
            if len(rest) == len(left):
                why = f"the interpreter {self.path} did not start"
                by_name |= {name: ImportResult(verdict=Verdict.DIED, error=why) for name in rest}
                break
            left = rest
        return ImportResults(
            by_name=by_name,
            version=version,
            isolated=tuple(isolated),
            cost=results.total_cost(costs),
        )

    def confirm(
        self,
        root: Path,
        modules: Sequence[str],
        *,
        caches: Sequence[Path],
        others: Sequence[Path] = (),
    ) -> ImportResults:
        """Import modules of one distribution where nothing but they can say that they import.

        Arguments and errors are those of `import_modules`.
        """
        return confirm(self._bench(root, caches, others), modules, seconds=self.seconds)

    def _bench(self, root: Path, caches: Sequence[Path], others: Sequence[Path]) -> Bench:
        return Bench(
            python=Path(self.path),
            root=root,
            others=tuple(others),
            caches=tuple(caches),
            libraries=self.libraries,
            required=not self.leave,
        )

    def compile(
        self,
        root: Path,
        paths: Sequence[str],
        into: Path,
        known: Mapping[str, CompiledSource] = MappingProxyType({}),
    ) -> Compilation:
        """Compile sources below `root`, as if they lay in /opt/python, to `into`, their names and a `c`.

        `into` is a folder that nothing of the layer has run in; it has the bytecode of the sources
        that are `known`, which come first in the answer. The bytecode holds the hash of its
        source, and is compared with that when it is imported. Raises InstallError when the
        interpreter fails, ProofError where it must be isolated and cannot be.
        """
        starts = range(min(len(paths), selection.SHARES))
        shares = [paths[start :: selection.SHARES] for start in starts]
        with ThreadPoolExecutor(selection.SHARES) as pool:
            parts = list(pool.map(lambda share: self._compile(root, share, into), shares))
        done = dict(chain.from_iterable(part.sources.items() for part in parts))
        sources = {**known, **done}
        lines = (f"{one.seconds:.5f}\t{path}c\n" for path, one in sources.items())
        (into / SECONDS).write_text("".join(lines), encoding="utf-8", errors="replace")
        return Compilation(
            sources=sources,
            refused=frozenset().union(*(part.refused for part in parts)),
        )

    def _compile(self, root: Path, paths: Sequence[str], into: Path) -> Compilation:
        orders = {"root": str(root), "paths": paths, "into": str(into), "shown": "/opt/python/"}
        program = _COMPILER.read_text(encoding="utf-8")
        done = run_confined(
            [self.path, "-I", "-S", "-B", "-c", program],
            Policy(read=(*prefixes(Path(self.path)), root), write=(into,), required=not self.leave),
            environ={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONHASHSEED": "0"},
            folder=into,
            text=json.dumps(orders),
        )
        if done.returncode:
            raise InstallError.because(
                f"{self.path} could not compile the layer's modules",
                details=tuple(done.stderr.strip().splitlines()[-4:]),
            )
        told = json.loads(done.stdout)
        sources = {
            path: CompiledSource(sha256=str(digest), seconds=float(seconds))
            for path, (digest, seconds) in told["compiled"].items()
        }
        return Compilation(sources=sources, refused=frozenset(told["refused"]))


def find_interpreter(
    target: Target, environ: Mapping[str, str], uv_binary: str | None = None
) -> Interpreter | None:
    """Find a Python of the target's minor version that runs on this machine, None if none does."""
    if platform.machine().replace("arm64", "aarch64") != target.machine:
        return None
    wanted = f"cpython {target.python} {target.machine} linux"
    for path in _candidates(target, environ, uv_binary or uv_package.find_uv_bin()):
        answer, executable, version, *_ = [*_answer(path, environ).split("\n"), "", ""]
        if answer == wanted:
            # Not what it was found by: a shim of pyenv's starts it, and cannot, isolated.
            # Asked once, and now, while uv installs: its first start waits for that.
            prefixes(Path(executable or path))
            return Interpreter(
                path=executable or path,
                isolated=what_holds().held,
                libraries=base_libraries(target),
                version=version,
            )
    return None


def _candidates(target: Target, environ: Mapping[str, str], uv_binary: str) -> Iterator[str]:
    name = f"python{target.python}"
    for folder in environ.get("PATH", "").split(os.pathsep):
        if folder and os.access(Path(folder, name), os.X_OK):
            yield str(Path(folder, name))
    home = environ.get("HOME", "")
    roots = [
        Path(environ.get("PYENV_ROOT") or Path(home, ".pyenv"), "versions"),
        *(Path(cache, "Python") for cache in [environ.get("RUNNER_TOOL_CACHE", "")] if cache),
    ]
    for root in roots:
        for version in sorted(root.glob(f"{target.python}.*"), reverse=True):
            yield from map(str, version.glob("bin/python"))
            yield from map(str, version.glob("*/bin/python"))
    yield from _from_uv(uv_binary, ["find"], target, environ)
    if environ.get("CI") == "true" or environ.get("GITHUB_ACTIONS") == "true":
        _uv(uv_binary, ["install"], target, environ, seconds=90)
        yield from _from_uv(uv_binary, ["find", "--managed-python"], target, environ)


def _from_uv(
    uv_binary: str, words: list[str], target: Target, environ: Mapping[str, str]
) -> Iterator[str]:
    done = _uv(uv_binary, [*words, "--no-python-downloads"], target, environ, seconds=20)
    if done:
        yield done


def _uv(
    uv_binary: str, words: list[str], target: Target, environ: Mapping[str, str], seconds: float
) -> str:
    command = [uv_binary, "python", *words, "--no-config", "--quiet", str(target.python)]
    if words[0] == "find":
        command.append("--no-project")
    return _output(command, environ, seconds)


def _answer(path: str, environ: Mapping[str, str]) -> str:
    return _output([path, "-I", "-S", "-c", _ASK], environ, 20)


def _output(command: Sequence[str], environ: Mapping[str, str], seconds: float) -> str:
    try:
        done = subprocess.run(  # noqa: S603 (no shell; our own words)
            command,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
