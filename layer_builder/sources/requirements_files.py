"""Requirements files: what they ask for, flattened, or every mistake with its line.

The format is pip's, https://pip.pypa.io/en/stable/reference/requirements-file-format/; each
requirement is a PEP 508 specifier.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from layer_builder.direct import DirectReference
from layer_builder.errors import Place, Problem, shortened
from layer_builder.model import Reference, Target
from layer_builder.projects import is_pylock, read_pylock
from layer_builder.sources.index_addresses import address_mistake
from layer_builder.sources.requirements import ReadDirect, Requirements
from layer_builder.sources.requirements_lines import is_direct, line_mistake, logical_lines

ReadText = Callable[[str], str | Problem]
"""Gives the text of a file below the manifest, or says why it cannot."""


_HASH = re.compile(r"\s--hash[= ](\S+)")


# pip takes these three, https://pip.pypa.io/en/stable/topics/secure-installs/.
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}")


_OPTION = re.compile(r"(--?[A-Za-z][A-Za-z-]*)[= ]?\s*(.*)")


_INDEX_OPTIONS = {
    "-i": "--index-url",
    "--index-url": "--index-url",
    "--extra-index-url": "--extra-index-url",
    "-f": "--find-links",
    "--find-links": "--find-links",
    "--no-index": "--no-index",
}


_MOST_FILES_DEEP = 50


_ADVICE_ON_SECRETS = ("name the index with its login in UV_INDEX or UV_DEFAULT_INDEX",)


_IGNORED = frozenset({"--only-binary", "--prefer-binary", "--require-hashes", "--use-feature"})


@dataclass(frozen=True, kw_only=True)
class RequirementsSource:
    """Where requirements files are, and what their options may hold."""

    read: ReadText
    folder: str = ""
    """For messages."""
    origins: frozenset[str] = frozenset()
    """Of the indexes that the caller's environment names, as `https://host:443`: only in their
    addresses there may be a `${VARIABLE}`."""
    generated: frozenset[str] = frozenset()
    """Paths of files whose lines nobody wrote: what was read from a project's lock."""
    direct: ReadDirect | None = None
    """None reads nothing from elsewhere."""


def collect_requirements(
    files: Sequence[Reference],
    packages: Sequence[Reference],
    source: RequirementsSource,
    target: Target,
) -> tuple[Requirements, tuple[Problem, ...]]:
    """Read files (following `-r` and `-c`) and packages; give what is asked for and all mistakes.

    `target` decides which lines of a lock (PEP 751) are taken.
    """
    collector = _Collector(source, target)
    for reference in files:
        collector.file(reference.text, reference.place, ())
    for package in packages:
        collector.requirement(package.text, package.place, collector.lines)
    return (
        Requirements(
            lines=tuple(dict.fromkeys(collector.lines)),
            names=frozenset(collector.names),
            hashes={name: frozenset(given) for name, given in collector.hashes.items()},
            constraints=tuple(dict.fromkeys(collector.constraints)),
            options=tuple(dict.fromkeys(collector.options)),
            direct=tuple(dict.fromkeys(collector.direct)),
        ),
        tuple(collector.problems),
    )


@dataclass
class _Collector:
    source: RequirementsSource
    target: Target
    lines: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    hashes: dict[str, set[str]] = field(default_factory=dict)
    constraints: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    direct: list[DirectReference] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    seen: set[tuple[str, bool]] = field(default_factory=set)

    def file(
        self, path: str, asked_at: Place, chain: tuple[str, ...], *, constrain: bool = False
    ) -> None:
        if path in chain:
            loop = " → ".join((*chain[chain.index(path) :], path))
            self._mistake(f"requirements files include each other: {loop}", asked_at)
            return
        if len(chain) >= _MOST_FILES_DEEP:
            self._mistake(f"over {_MOST_FILES_DEEP} requirements files, each in another", asked_at)
            return
        # Twice is as once, and files that name others twice each would double with every step.
        if (path, constrain) in self.seen:
            return
        self.seen.add((path, constrain))
        text = self.source.read(path)
        if isinstance(text, Problem):
            self._mistake(text.message, asked_at, *text.advice)
            return
        if is_pylock(path) and path not in self.source.generated:
            self._pylock(path, text, asked_at)
            return
        before = len(self.lines)
        for number, line in logical_lines(text):
            place = self._place(path, number)
            into = self.constraints if constrain else self.lines
            if why := line_mistake(line):
                self._mistake(why, place)
            elif line.startswith("-"):
                self._option(line, place, (*chain, path), constrain=constrain)
            else:
                self.requirement(line, place, into, str(PurePosixPath(path).parent))
        if not constrain and not chain and before == len(self.lines) and not self.problems:
            self._mistake(f"{path} asks for nothing", asked_at)

    def _place(self, path: str, number: int) -> Place:
        file = str(PurePosixPath(self.source.folder, path))
        return (
            Place(file=file)
            if path in self.source.generated
            else Place(file=file, line=number, column=1)
        )

    def _pylock(self, path: str, text: str, asked_at: Place) -> None:
        try:
            for line in read_pylock(text, None, self.target).lines:
                self.requirement(line, asked_at, self.lines, str(PurePosixPath(path).parent))
        except ValueError as error:
            self._mistake(f"{path}: {error}", asked_at)

    def requirement(self, line: str, place: Place, into: list[str], folder: str = "") -> None:
        if why := line_mistake(line):
            self._mistake(why, place)
            return
        hashes = _HASH.findall(line)
        if odd := [digest for digest in hashes if not _DIGEST.fullmatch(digest)]:
            self._mistake(
                f"--hash {shortened(odd[0])} is not sha256, sha384 or sha512 in hexadecimal", place
            )
            return
        specifier = _HASH.sub("", line).strip()
        if is_direct(specifier):
            self._direct(specifier, hashes, place, into, folder)
            return
        try:
            parsed = Requirement(specifier)
        except (ValueError, RecursionError) as error:
            why = str(error).splitlines()[0]
            self._mistake(f"{shortened(specifier)} is not a requirement: {why}", place)
            return
        if into is self.lines:
            name = str(canonicalize_name(parsed.name))
            self.names.add(name)
            if hashes:
                self.hashes.setdefault(name, set()).update(hashes)
        into.append(" ".join((str(parsed), *(f"--hash={digest}" for digest in hashes))))

    def _option(self, line: str, place: Place, chain: tuple[str, ...], *, constrain: bool) -> None:
        match = _OPTION.fullmatch(line)
        name, value = (match[1], match[2].strip()) if match else (line, "")
        folder = PurePosixPath(chain[-1]).parent
        match name:
            case "-r" | "--requirement" | "-c" | "--constraint":
                path = _below(folder, value)
                if path is None:
                    self._mistake(f"{shortened(line)} leaves the manifest's directory", place)
                else:
                    narrows = constrain or name in {"-c", "--constraint"}
                    self.file(path, place, chain, constrain=narrows)
            case "-e" | "--editable":
                self._direct(value, (), place, self.lines, str(folder), is_editable=True)
            case "--no-binary":
                self._mistake(
                    f"{shortened(line)}: say build: [{value[:80]}] in the manifest instead", place
                )
            case "--pre":
                self._mistake(
                    "--pre: name the pre-release instead, such as `package>=2.0rc1`", place
                )
            case _:
                if name in _INDEX_OPTIONS:
                    self._index_option(_INDEX_OPTIONS[name], value, place)
                elif name not in _IGNORED:
                    self._mistake(f"the option {shortened(name)} has no meaning for a layer", place)

    def _index_option(self, name: str, value: str, place: Place) -> None:
        if name == "--no-index":
            why = "takes no value" if value else None
        else:
            why = address_mistake(value, self.source.origins)
        if why:
            self._mistake(f"{name} {why}", place, *(_ADVICE_ON_SECRETS if "$" in value else ()))
            return
        self.options.append(f"{name} {value}".strip())

    def _direct(  # noqa: PLR0913 (where a line stands, and what it says)
        self,
        specifier: str,
        hashes: Sequence[str],
        place: Place,
        into: list[str],
        folder: str,
        *,
        is_editable: bool = False,
    ) -> None:
        if self.source.direct is None:
            self._mistake(f"{shortened(specifier)} comes from no index", place)
            return
        found = self.source.direct(specifier, hashes, folder, place)
        if isinstance(found, Problem):
            self.problems.append(found)
            return
        first, *beside = found
        if first.marker and not Marker(first.marker).evaluate(self.target.markers):
            return
        # What uv writes of a lock has `-e` for each project; nobody asked for it.
        first = replace(first, is_editable=is_editable and place.line is not None)
        self.direct += [first, *beside]
        into.append(first.line)
        if into is self.lines:
            self.names.add(first.name)
        # Whoever requires these by their name gets them, and not what an index has by that name.
        self.constraints += [one.line for one in beside]

    def _mistake(self, message: str, place: Place, *advice: str) -> None:
        self.problems.append(Problem(message=message, place=place, advice=advice))


def _below(folder: PurePosixPath, value: str) -> str | None:
    """Join a path to a folder below the manifest; None where it leads out of the manifest's."""
    parts: list[str] = []
    for part in (folder / value).parts:
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part != ".":
            parts.append(part)
    if value.startswith(("/", "~")) or "\0" in value or not parts:
        return None
    return "/".join(parts)
