"""Requirements files: what they ask for, flattened, or every mistake with its line.

The format is pip's, https://pip.pypa.io/en/stable/reference/requirements-file-format/; each
requirement is a PEP 508 specifier.
"""

import posixpath
import re
from collections.abc import Sequence
from dataclasses import field, replace

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from layer_builder.direct import DirectReference
from layer_builder.errors import Place, Problem, shortened
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Reference, Target
from layer_builder.paths import PathMistakeError, normal_path
from layer_builder.projects import is_pylock, read_pylock
from layer_builder.sources.near_misses import EXAMPLE, meant
from layer_builder.sources.requirements import Requirements, RequirementsSource
from layer_builder.sources.requirements_lines import (
    VariableError,
    filled_in,
    is_direct,
    line_mistake,
    logical_lines,
)
from layer_builder.sources.requirements_options import OptionError, options_of, other_option

_HASH = re.compile(r"\s--hash[= ](\S+)")


# pip takes these three, https://pip.pypa.io/en/stable/topics/secure-installs/.
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}")


_MOST_FILES_DEEP = 50


_BEHIND = re.compile(r"\s(--?[A-Za-z][A-Za-z-]*)")
"""An option behind a requirement."""


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
    collector.refuse_unhashed()
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


@dataclass()
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
    unhashed: list[tuple[str, Place]] = field(default_factory=list)
    requires_hashes: Place | None = None

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
                self._options(line, place, (*chain, path), constrain=constrain)
            else:
                self.requirement(line, place, into, self.source.folder_of(path))
        if not constrain and not chain and before == len(self.lines) and not self.problems:
            self._mistake(f"{path} asks for nothing", asked_at, "name a distribution in it")

    def refuse_unhashed(self) -> None:
        """Refuse what has no hash, where a file says that all must have one."""
        for line, place in self.unhashed if self.requires_hashes else ():
            self._mistake(
                f"{shortened(line)} has no --hash, and {self.requires_hashes} requires them", place,
                "`uv pip compile --generate-hashes` writes them",
            )  # fmt: skip

    def _place(self, path: str, number: int) -> Place:
        file = posixpath.normpath(posixpath.join(self.source.folder, path))
        return (
            Place(file=file)
            if path in self.source.generated
            else Place(file=file, line=number, column=1)
        )

    def _pylock(self, path: str, text: str, asked_at: Place) -> None:
        try:
            for line in read_pylock(text, None, self.target).lines:
                self.requirement(line, asked_at, self.lines, self.source.folder_of(path))
        except ValueError as error:
            self._mistake(f"{path}: {error}", asked_at)

    def requirement(self, line: str, place: Place, into: list[str], folder: str = "") -> None:
        filled = self._filled_in(line, place)
        if filled is not None:
            self._filled_requirement(filled, place, into, folder)

    def _filled_requirement(self, line: str, place: Place, into: list[str], folder: str) -> None:
        if why := line_mistake(line):
            self._mistake(why, place)
            return
        hashes = [digest.strip("\"'") for digest in _HASH.findall(line)]
        if odd := [digest for digest in hashes if not _DIGEST.fullmatch(digest)]:
            self._mistake(
                f"--hash {shortened(odd[0])} is not sha256, sha384 or sha512 in hexadecimal", place,
                "`pip hash FILE` gives the sha256",
            )  # fmt: skip
            return
        specifier = _HASH.sub("", line).strip()
        if is_direct(specifier):
            self._direct(specifier, hashes, place, into, folder)
            return
        try:
            parsed = Requirement(specifier)
        except (ValueError, RecursionError) as error:
            self._refuse_unparsed(specifier, str(error), place)
            return
        if parsed.url and "://" not in parsed.url and meant(specifier) != EXAMPLE:
            message = f"{shortened(specifier)} names no version"
            self._mistake(message, place, meant(specifier))
            return
        if parsed.url:
            self._direct(specifier, hashes, place, into, folder)
            return
        if into is self.lines:
            name = str(canonicalize_name(parsed.name))
            self.names.add(name)
            if hashes:
                self.hashes.setdefault(name, set()).update(hashes)
            else:
                self.unhashed.append((str(parsed), place))
        into.append(" ".join((str(parsed), *(f"--hash={digest}" for digest in hashes))))

    def _options(self, line: str, place: Place, chain: tuple[str, ...], *, constrain: bool) -> None:
        try:
            options = [*options_of(line)]
        except ValueError:
            message = f"{shortened(line)} has a quotation mark without another"
            self._mistake(message, place, "end it, or leave it out")
            return
        for name, value in options:
            self._option(name, value, place, chain, constrain=constrain)

    def _option(
        self, name: str, value: str, place: Place, chain: tuple[str, ...], *, constrain: bool
    ) -> None:
        match name:
            case "-r" | "--requirement" | "-c" | "--constraint":
                narrows = constrain or name in {"-c", "--constraint"}
                self._nested(f"{name} {value}", value, place, chain, constrain=narrows)
            case "-e" | "--editable":
                folder = self.source.folder_of(chain[-1])
                self._direct(value, (), place, self.lines, folder, is_editable=True)
            case "--require-hashes":
                self.requires_hashes = self.requires_hashes or place
            case _:
                self._other_option(name, value, place)

    def _other_option(self, name: str, value: str, place: Place) -> None:
        try:
            option = other_option(name, value, self.source.origins)
        except OptionError as error:
            self._mistake(str(error), place, *error.advice)
            return
        if option:
            self.options.append(option)

    def _nested(
        self, line: str, value: str, place: Place, chain: tuple[str, ...], *, constrain: bool
    ) -> None:
        named = self._filled_in(value, place, is_path=True)
        if named is None:
            return
        try:
            path = normal_path(named, self.source.folder_of(chain[-1]))
        except PathMistakeError as error:
            self._mistake(f"{shortened(line)} {error}", place, error.advice)
            return
        self.file(path, place, chain, constrain=constrain)

    def _filled_in(self, line: str, place: Place, *, is_path: bool = False) -> str | None:
        """Put listed variables into a line; None, and a mistake, for one that asks for others."""
        if "${" not in line:
            return line
        if self.source.variables is None:
            return None
        try:
            filled, values = filled_in(line, self.source.variables, is_path=is_path)
        except VariableError as error:
            self._mistake(str(error), place, error.advice)
            return None
        for name, value in values.items():
            message = f"{name} is {value}, by variables: of the manifest"
            self.source.tell(Problem(message=message, place=place))
        return filled

    def _refuse_unparsed(self, specifier: str, error: str, place: Place) -> None:
        if option := _BEHIND.search(specifier):
            self._mistake(
                f"{shortened(specifier)} has the option {option[1]}, which means nothing here", place,
                "leave it out: of pip's options, --hash may stand behind a requirement",
            )  # fmt: skip
        else:
            why = error.splitlines()[0]
            message = f"{shortened(specifier)} is not a requirement: {why}"
            self._mistake(message, place, meant(specifier))

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
