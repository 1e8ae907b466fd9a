"""The only door to uv: resolve requirements for a target, install them into a folder.

Flags: https://docs.astral.sh/uv/reference/cli/#uv-pip-compile and #uv-pip-install.
"""

import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path

import uv as uv_package

from layer_builder.backends import StandIn
from layer_builder.direct import SourceStore
from layer_builder.errors import InstallError, Problem
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Pin, Resolution, Target
from layer_builder.resolve.bounded import RESOLVING, WriteBound, run_bounded
from layer_builder.resolve.placed import PlacedSources, place_sources
from layer_builder.resolve.uv_options import locking_options, platform_options, read_requirers
from layer_builder.resolve.uv_words import (
    find_missing_wheel,
    tidy,
    unbuilt,
    uninstalled,
    unmet,
    unreached,
    without_wheel,
)
from layer_builder.sources import Requirements
from layer_builder.wheels import Wheels

_OFFLINE = "--offline"


@dataclass(frozen=True, kw_only=True)
class Uv:
    """uv with a scrubbed environment; see `indexes.environment`."""

    environ: Mapping[str, str]
    binary: str = field(default_factory=uv_package.find_uv_bin)
    stand_in: StandIn = field(default_factory=StandIn, compare=False)
    """The Python that backends of sdists are run by."""
    wheels: Wheels = field(default_factory=Wheels, compare=False)
    """uv's cache, and what is known of the wheels in it."""
    store: SourceStore = field(default_factory=SourceStore, compare=False)
    """Where the sources of what comes from no index are."""

    def know_python(self) -> None:
        """Have an empty cache tell what uv's Python is: asking takes a process that resolving awaits."""
        folder = self.wheels.cache.folder
        if folder and not any(folder.glob("interpreter-*")):
            self.run("python", "find", sys.executable)

    def place(self, requirements: Requirements) -> PlacedSources:
        """Have at hand what comes from no index, with versions and digests. Raises InstallError."""
        return place_sources(requirements.direct, self.store, self._build)

    def _build(self, name: str, line: str, into: Path) -> None:
        """Have one wheel built. Raises InstallError with uv's reason."""
        with tempfile.TemporaryDirectory() as folder:
            asked = Path(folder, "requirements.txt")
            asked.write_text(f"{line}\n", encoding="utf-8")
            done = self.run(
                "pip", "install",
                *self._wheels([name]),
                "--target", str(into),
                "--require-hashes", "--no-deps", "--no-compile-bytecode", "--no-installer-metadata",
                "--requirements", str(asked),
            )  # fmt: skip
        if done.returncode:
            raise InstallError(unbuilt(name, done.stderr))

    def resolve(
        self,
        requirements: Requirements,
        target: Target,
        build: Sequence[str] = (),
        prefer: Resolution | None = None,
        *,
        anew: bool = True,
    ) -> Resolution:
        """Choose versions for a target, wheels only but for the sdists that may be built.

        Metadata that an sdist does not tell by itself is made by its backend, isolated.
        The preferred version is kept where the requirements allow it, else the newest is taken.
        Not `anew`, the index is asked only if its answers are not in uv's cache.

        Raises InstallError with uv's reason, and for a missing wheel with what could be done;
        ProofError where a backend cannot be isolated.
        """
        options = locking_options(target)
        done = None if anew else self._compile(requirements, build, (*options, _OFFLINE), prefer)
        if done is None or done.returncode:
            done = self._compile(requirements, build, options, prefer)
        if done.returncode:
            raise InstallError(self._unresolved(done.stderr, requirements, target))
        resolution = Resolution.from_lines(done.stdout)
        if target.uv_platform != target.newest_uv_platform:
            newest = self._compile(
                requirements, build, locking_options(target, target.newest_uv_platform)
            )
            if newest.returncode == 0:
                # What only a preference holds back is not held back by glibc.
                usual = (
                    self._compile(requirements, build, locking_options(target)) if prefer else done
                )
                freest = Resolution.from_lines(newest.stdout)
                held = Resolution.from_lines(usual.stdout).compared_with(freest).held_back
                unheld = freest.versions.keys() - {item.name for item in held}
                resolution = resolution.compared_with(freest.without(unheld))
        hashes = requirements.hashes and {**requirements.hashes, **self.place(requirements).hashes}
        trusted, doubts = resolution.trusting(hashes)
        if doubts:
            raise InstallError.because(
                "the requirements have hashes, and these do not cover what is to be installed",
                details=tuple(doubts),
                advice=("write the hashes anew (uv pip compile --generate-hashes), or none",),
            )
        return trusted

    def requires(
        self,
        requirements: Requirements,
        target: Target,
        build: Sequence[str] = (),
        pinned: Resolution | None = None,
    ) -> dict[str, frozenset[str]]:
        """Tell for each distribution that is resolved which others it requires, extras included.

        At the pinned versions, where there are some: then the index is asked only for what is not
        in uv's cache. Raises InstallError with uv's reason.
        """
        options = (*platform_options(target, target.uv_platform), "--annotation-style", "line")
        done = None
        if pinned:
            versions = (f"{name}=={version}" for name, version in pinned.versions.items())
            limits = (*requirements.constraints, *versions)
            requirements = replace(requirements, constraints=limits)
            # As a preference, too: uv takes a version that was yanked since only by that.
            done = self._compile(requirements, build, (*options, _OFFLINE), pinned)
        if done is None or done.returncode:
            done = self._compile(requirements, build, options, pinned)
        if done.returncode:
            raise InstallError(self._unresolved(done.stderr, requirements, target))
        return read_requirers(done.stdout)

    def settled(
        self, requirements: Requirements, target: Target, build: Sequence[str] = ()
    ) -> dict[str, str]:
        """Give the versions that would have been chosen a month ago; none if nobody can tell."""
        done = self._compile(
            requirements, build, (*locking_options(target), "--exclude-newer", "30 days")
        )
        return {} if done.returncode else Resolution.from_lines(done.stdout).versions

    def export(self, project: Path, choice: Sequence[str]) -> str:
        """Write a project's uv.lock as a requirements file with hashes; it is not brought up to date.

        The choice is of groups and extras, as arguments. Raises InstallError with uv's reason.
        """
        done = self.run(
            "export",
            "--project", str(project),
            "--frozen",
            "--no-emit-project",
            "--no-header",
            "--no-annotate",
            *choice,
        )  # fmt: skip
        if done.returncode:
            raise InstallError.because(
                "uv could not read the project's lock", details=(tidy(done.stderr),)
            )
        return done.stdout

    def install(
        self,
        resolution: Resolution,
        requirements: Requirements,
        target: Target,
        into: Path,
        build: Sequence[str] = (),
    ) -> dict[str, str]:
        """Fill a folder with what was resolved, each file compared with the locked wheel's.

        Raises InstallError with uv's reason, or with what is not as it is locked.
        """
        lines = "".join(f"{option}\n" for option in requirements.options)
        placed = self.place(requirements)
        build = placed.build(build)

        def fill(
            pins: Sequence[Pin], into: Path, *, cache: Path | None = None, offline: bool = False
        ) -> bool:
            text = lines + placed.to_install(pins)
            done = self.fill(text, target, into, build, cache=cache, offline=offline)
            if done.returncode and not offline:
                raise InstallError(
                    unreached(done.stderr, self.environ) or uninstalled(done.stderr, target)
                )
            return not done.returncode

        return self.wheels.install(resolution.pins, target, build, into, fill)

    def fill(  # noqa: PLR0913 (what a call of uv's has)
        self,
        text: str,
        target: Target,
        into: Path,
        build: Sequence[str],
        *,
        cache: Path | None,
        offline: bool,
    ) -> subprocess.CompletedProcess[str]:
        """Install what a requirements file says.

        Files are copied, never linked: an edit in the folder would poison uv's cache.
        """
        with tempfile.TemporaryDirectory() as folder:
            lock = Path(folder, "requirements.txt")
            lock.write_text(text, encoding="utf-8")
            return self.run(
                "pip", "install",
                *platform_options(target, target.uv_platform),
                *self._wheels(build),
                "--target", str(into),
                *(() if build else ("--link-mode", "copy")),
                "--require-hashes", "--no-deps", "--no-compile-bytecode", "--no-installer-metadata",
                "--requirements", str(lock),
                *((_OFFLINE,) if offline else ()),
                bound=WriteBound.of_install(into),
                cache=cache,
            )  # fmt: skip

    def _compile(
        self,
        requirements: Requirements,
        build: Sequence[str],
        options: Sequence[str],
        prefer: Resolution | None = None,
    ) -> subprocess.CompletedProcess[str]:
        placed = self.place(requirements)
        with tempfile.TemporaryDirectory() as folder:
            asked = placed.write(Path(folder), requirements)
            # uv keeps the versions that it finds in the file it is to write.
            chosen = Path(folder, "chosen.txt")
            kept = prefer.without(placed.found).text if prefer else ""
            chosen.write_text(kept, encoding="utf-8")
            done = self.run(
                "pip", "compile",
                *self._wheels(placed.build(build), is_direct=bool(placed.found)),
                "--no-header",
                *options,
                "--output-file", str(chosen),
                *asked,
            )  # fmt: skip
            done.stdout = placed.locked(chosen.read_text(encoding="utf-8"))
            return done

    def run(
        self, *arguments: str, bound: WriteBound | None = None, cache: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run uv with what it may know of the environment."""
        words = [self.binary, *arguments, "--quiet", "--no-config"]
        folder = cache or self.wheels.cache.folder
        environ = {**self.environ, **({"UV_CACHE_DIR": str(folder)} if folder else {})}
        done = run_bounded(words, environ, bound or RESOLVING)
        self.stand_in.raise_refusal()
        return done

    def _wheels(self, build: Sequence[str], *, is_direct: bool = False) -> tuple[str, ...]:
        """Allow wheels, and the sdists to build; say which Python runs what.

        What is direct may lead uv to a folder or a repository, which it builds without being told.
        """
        if not (build or is_direct):
            return ("--python", sys.executable, "--only-binary", ":all:")
        python = self.stand_in.ready(lambda words: self.run(*words).stderr)
        allowed = [word for name in build for word in ("--no-binary", name)]
        # Sources would name other folders, and links lead from a build's environment to the cache.
        apart = ("--no-sources", "--link-mode", "copy")
        return ("--python", str(python), "--only-binary", ":all:", *allowed, *apart)

    def _unresolved(self, output: str, requirements: Requirements, target: Target) -> Problem:
        missing = find_missing_wheel(output)
        if not missing:
            return unmet(output, target, self.environ)
        older = self._older_with_wheel(*missing, requirements, target)
        return without_wheel(*missing, older, output, target)

    def _older_with_wheel(
        self, name: str, version: str | None, requirements: Requirements, target: Target
    ) -> str | None:
        line = f"{name}<{version}" if version else name
        older = Requirements(lines=(line,), options=requirements.options)
        done = self._compile(older, (), locking_options(target))
        return None if done.returncode else Resolution.from_lines(done.stdout).versions.get(name)
