"""What the stand-in runs: one thing that uv asks of a Python, isolated.

Run as `python -I -S -c "…main()" FOLDER NAME -c PROGRAM`, FOLDER being the stand-in's, NAME what it
was called by: its own, when uv asks what Python it is, or a link in the environment that uv made for
one build.
"""

import ast
import json
import os
import re
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from layer_builder.backends.stand_in import ASKED, ORDERS, REFUSED
from layer_builder.errors import ProofError
from layer_builder.isolation import Policy, launch, run_confined
from layer_builder.lazy_dataclasses import dataclass

BUILD_SECONDS = 600.0
"""Bounds each hook: a build that needs more compiles, and what is compiled here is refused."""
_FILE_BYTES = 256 * 1024 * 1024
"""What a layer may unzip to, in one file."""
_TEMPORARY = re.compile(r"\.tmp\w+")
_ANSWER = re.compile(r"\w+\.txt")
_NAME = re.compile(r"[\w.+!-]*")
_FAILED = 1
_EPOCH = "315532800"
"""1980-01-01, as in our zips: https://reproducible-builds.org/specs/source-date-epoch/"""

_ENVIRONMENT = """\
import os, site, sys
site.addsitedir({packages!r})
os.environ["PYTHONPATH"] = {packages!r}
"""
"""What the environment's own Python would do as it starts: uv's link to it leads to the stand-in."""


@dataclass(frozen=True, kw_only=True)
class Build:
    """One build of uv's: `…/builds-v0/.tmpX` is its environment, the rest lies in the same cache."""

    environment: Path
    source: Path
    program: str

    @property
    def cache(self) -> Path:
        """The cache of uv."""
        return self.environment.parents[1]

    @property
    def own(self) -> list[Path]:
        """The folder that is the backend's own: what uv unpacked, and not where somebody works."""
        unpacked = self.source.is_relative_to(self.cache) and any(
            part.startswith("sdists-") for part in self.source.relative_to(self.cache).parts[:1]
        )
        return [self.source] if unpacked else []

    @property
    def marks(self) -> list[Path]:
        """Empty files of uv's above what it unpacked: backends that look for a .gitignore stop there."""
        return [
            path
            for own in self.own
            for name in (".git", ".gitignore")
            if (path := self.cache / own.relative_to(self.cache).parts[0] / name).is_file()
        ]

    @property
    def named(self) -> list[Path]:
        """The paths that the program names.

        The backend's own name is part of its text, so any of them can be one that it chose.
        """
        literals = (node.value for node in ast.walk(ast.parse(self.program))
                    if isinstance(node, ast.Constant))  # fmt: skip
        texts = [os.fsdecode(value) for value in literals if isinstance(value, bytes)]
        return [Path(text).resolve() for text in texts if Path(text).is_absolute()]

    @property
    def outputs(self) -> tuple[list[Path], list[Path]]:
        """Where the wheel or its metadata go, and the file for the hook's answer.

        Folders are a new one of uv's in its cache, or the one for metadata in the environment; files
        lie right in the environment, whose packages are links into the cache, not to be written to.
        """
        folders = [
            path for path in self.named
            if path.is_dir()
            and (path == self.environment / "metadata_directory" or self._is_new(path))
        ]  # fmt: skip
        files = [
            path for path in self.named
            if path.parent == self.environment and _ANSWER.fullmatch(path.name)
        ]  # fmt: skip
        return folders, files

    def _is_new(self, path: Path) -> bool:
        """Tell whether a folder is one that uv made for a wheel, and not that of another build."""
        in_bucket = path.parent.parent == self.cache and _TEMPORARY.fullmatch(path.name)
        return bool(in_bucket) and not any(path.iterdir())


def main() -> None:
    """Run it; ends as that does."""
    folder, called, *arguments = sys.argv[1:]
    orders = json.loads(Path(folder, ORDERS).read_text(encoding="utf-8"))
    try:
        if Path(called).parent.resolve() == Path(folder).resolve():
            sys.exit(_describe(Path(folder), orders, arguments))
        Path(folder, ASKED).touch()
        environment = Path(called).parents[1].resolve()
        source = Path.cwd().resolve()
        build = Build(environment=environment, source=source, program=arguments[-1])
        sys.exit(_build(Path(folder), orders, build))
    except ProofError as error:
        told = error.problems[0]
        text = {"message": told.message, "details": told.details, "advice": told.advice}
        Path(folder, REFUSED).write_text(json.dumps(text), encoding="utf-8")
        sys.exit(told.message)


def _describe(folder: Path, orders: Mapping[str, Any], arguments: list[str]) -> int:
    """Have the real Python tell what it is, as uv asks it, under the name of the stand-in."""
    named = Build(environment=folder, source=folder, program=arguments[-1]).named
    done = run_confined(
        [orders["python"], *arguments],
        Policy(read=(*map(Path, orders["read"]), *named), required=orders["required"]),
        environ={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        folder=folder,
    )
    sys.stderr.write(done.stderr)
    if done.returncode == 0:
        told = json.loads(done.stdout)
        name = str(folder / "python")
        sys.stdout.write(json.dumps({**told, "sys_executable": name, "sys_base_executable": name}))
    return done.returncode


def _build(folder: Path, orders: Mapping[str, Any], build: Build) -> int:
    """Run a backend's hook: it can read its environment, and write to its own folder."""
    folders, files = build.outputs
    for file in files:
        file.touch()
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = str(build.environment / "lib" / version / "site-packages")
    program = _ENVIRONMENT.format(packages=packages) + build.program
    with tempfile.TemporaryDirectory(dir=folder, prefix="home-") as home:
        policy = Policy(
            read=(
                *map(Path, orders["read"]),
                *(build.environment, build.source, *build.marks),
                Path(home),
            ),
            write=(*build.own, *folders, *files, Path(home)),
            file_bytes=_FILE_BYTES,
            pretend_modes=True,
            required=orders["required"],
        )
        confined = launch(
            [orders["python"], "-S", "-c", program],
            policy,
            environ={
                "PATH": f"{build.environment}/bin:/usr/bin:/bin",
                "HOME": home,
                "TMPDIR": home,
                "LANG": "C.UTF-8",
                "PYTHONHASHSEED": "0",
                "SOURCE_DATE_EPOCH": _EPOCH,
                "VIRTUAL_ENV": str(build.environment),
            },
            folder=build.source,
            stdout=None,
            stderr=None,
        )
        timer = threading.Timer(BUILD_SECONDS, confined.process.terminate)
        timer.start()
        code = confined.wait()
        timer.cancel()
    return code or _check(build, folders, files)


def _check(build: Build, folders: Sequence[Path], files: Sequence[Path]) -> int:
    """See that uv, which follows links and names, is not led out of the backend's own folders."""
    for folder in (*build.own, *folders):
        for path in folder.rglob("*"):
            if path.is_symlink() and not path.resolve().is_relative_to(folder):
                path.unlink()
                return _refuse(f"{path.relative_to(folder)} is a link that leads out of its folder")
    for file in files:
        answer = file.read_text(encoding="utf-8", errors="replace")
        if file.name != "get_requires_for_build_wheel.txt" and not _NAME.fullmatch(answer):
            return _refuse(f"{answer[:80]!r} is not the name of a file")
    return 0


def _refuse(why: str) -> int:
    sys.stderr.write(f"layer-builder takes nothing from this backend: {why}\n")
    return _FAILED
