"""Who needs a whole folder or program that no import names: what code writes to reach it.

Each reason is a kind of expression that was seen in a package which pruning had broken.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from operator import itemgetter
from pathlib import PurePosixPath

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.prune import rules
from layer_builder.prune.conditions import TEST_FOLDERS
from layer_builder.prune.rules import Rule
from layer_builder.prune.source import built_paths, outermost, source_place

# A package in which plugins are looked for: `PluginLoader("TestModule", "ansible.plugins.test")`.
_TEST_PACKAGE = re.compile(rb"\.tests?[\"']")


_TEST_FOLDER = re.compile(rb"[\"'/](?:tests?|SelfTest)[\"'/]")


_PROGRAM = re.compile(rb"[\"']([\w.-]+)[\"']")


_RUNS_PIP = re.compile(rb"[\"']-m[\"'],\s*[\"']pip[\"']")


_FOLLOWS_MAPS = b"sourceMappingURL"


_DEVELOPMENT = re.compile(r"(?:.*/)?(?:(?:tests?|testing)/.*|(?:conftest|setup|_?test.*)\.py)")
"""What runs tests or builds the package: it may miss what users do not."""


@dataclass(frozen=True, kw_only=True)
class Mentions:
    """The candidates for removal that a whole folder or program stands for."""

    packages: Mapping[str, list[str]]
    """Of folders of tests: their paths, by dotted name."""
    data: Mapping[str, list[str]]
    """What is no Python in folders of tests, by distribution."""
    programs: Mapping[str, Mapping[str, str]]
    """Paths of programs in `bin/` by name, of each distribution."""
    maps: list[str]
    """Source maps."""
    pip: list[str]
    """All of pip."""

    def __bool__(self) -> bool:
        """Whether there is anything that code could mention."""
        return bool(self.packages or self.programs or self.maps or self.pip)

    def needed_by(self, path: str, source: bytes, distribution: str) -> dict[str, str]:
        """Find the candidates that a source mentions, each with the `file:line` that does."""
        if _DEVELOPMENT.fullmatch(path):
            return {}
        needed: dict[str, str] = {}
        if self.packages and b"test" in source:
            needed |= self._tests_of(path, source, distribution)
        programs = self.programs.get(distribution)
        if programs and b"get_path" in source and b"scripts" in source:
            for quoted in _PROGRAM.finditer(source):
                if program := programs.get(quoted[1].decode()):
                    needed[program] = source_place(path, source, quoted.start())
        if self.maps and _FOLLOWS_MAPS in source:
            place = source_place(path, source, source.index(_FOLLOWS_MAPS))
            needed |= dict.fromkeys(self.maps, place)
        is_other = distribution not in rules.INSTALLERS
        if self.pip and is_other and (call := _RUNS_PIP.search(source)):
            needed |= dict.fromkeys(self.pip, source_place(path, source, call.start()))
        return needed

    def _tests_of(self, path: str, source: bytes, distribution: str) -> dict[str, str]:
        needed: dict[str, str] = {}
        for end in _TEST_PACKAGE.finditer(source):
            start = max(source.rfind(quote, 0, end.start()) for quote in (b"'", b'"'))
            name = source[start + 1 : end.end() - 1].decode(errors="replace")
            if paths := self.packages.get(name):
                needed |= dict.fromkeys(paths, source_place(path, source, end.start()))
        data = self.data.get(distribution)
        if data and _TEST_FOLDER.search(source):
            for line, built in built_paths(source, TEST_FOLDERS):
                needed |= {one: f"{path}:{line}" for one in data if f"/{built}/" in f"/{one}"}
        return needed


def index_mentions(candidates: Mapping[str, Rule], owners: Mapping[str, str]) -> Mentions:
    """Index the candidates that may be mentioned; what the user dropped is none of them."""
    packages: dict[str, list[str]] = defaultdict(list)
    data: dict[str, list[str]] = defaultdict(list)
    programs: dict[str, dict[str, str]] = defaultdict(dict)
    for path, rule in sorted(candidates.items(), key=itemgetter(0)):
        owner = owners.get(path, "")
        if rule is rules.TESTS:
            folder = outermost(path, TEST_FOLDERS)
            packages[folder.replace("/", ".")].append(path)
            if not path.endswith((".py", ".pyi", ".so")):
                data[owner].append(path)
        elif rule is rules.SCRIPTS:
            programs[owner][PurePosixPath(path).name] = path
    return Mentions(
        packages=packages,
        data=data,
        programs=programs,
        maps=sorted(path for path, rule in candidates.items() if rule is rules.SOURCE_MAPS),
        pip=sorted(
            path
            for path, rule in candidates.items()
            if rule is rules.INSTALLERS_RULE and owners.get(path) == "pip"
        ),
    )
