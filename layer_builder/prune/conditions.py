"""What has to hold of a path besides its pattern, told from the paths and sizes around it."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from pathlib import PurePosixPath
from typing import TypeAlias

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.prune.source import folders_of, native_module, outermost

TEST_FOLDERS = frozenset({"tests", "test", "SelfTest"})


_TEST_MODULE = re.compile(r"(?:[Tt]est.*|.*_tests?|conftest)\.py")


_PYTHON = (".py", ".pyi", ".pyc", ".so", "/py.typed")


_FOR_PEOPLE = re.compile(
    r"(?:readme|licen[cs]es?|copying|notice|changes|change-?log|history|news|authors|contributors"
    r"|contributing|maintainers|credits|thanks|todo|security|code_of_conduct|third[_-]?party"
    r"|install|upgrading|release[_-]?notes)(?:[._-].*)?",
    re.IGNORECASE,
)


_DATA_OF_CHECKERS = re.compile(r"(?:^|/)(?:third_party|typeshed)/|/[^/]+-stubs/")


_STUB_PACKAGE = re.compile(r"[^/]+-stubs/")
"""https://typing.python.org/en/latest/spec/distributing.html#stub-only-packages"""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """The tree around what a rule's patterns match."""

    sizes: Mapping[str, int]
    """Of every file, by path."""
    owners: Mapping[str, str]


Condition: TypeAlias = Callable[[Collection[str], Surroundings], set[str]]
"""Gives those of the matched paths of which it is true."""


def beside_tests(matched: Collection[str], _: Surroundings) -> set[str]:
    """Pick what lies in a folder of tests: it holds test modules, or Python alone.

    The plugins in ansible's `plugins/test` and the SQL in dbt's `macros/tests` are no tests. Of a
    folder without data the guard sees who imports it.
    """
    folders: dict[str, list[str]] = defaultdict(list)
    for path in matched:
        folders[outermost(path, TEST_FOLDERS)].append(path)
    return {
        path
        for paths in folders.values()
        if all(one.endswith(_PYTHON) for one in paths)
        or any(_TEST_MODULE.fullmatch(one.rpartition("/")[2]) for one in paths)
        for path in paths
    }


def beside_code(matched: Collection[str], around: Surroundings) -> set[str]:
    """Pick stubs of modules that are here: those of others are the data of a type checker."""
    folders, natives = set[str](), set[str]()
    for path in around.sizes:
        folder, _, name = path.rpartition("/")
        if name.endswith((".py", ".so")):
            folders.add(folder)
        if stem := native_module(name):
            natives.add(f"{folder}/{stem}".lstrip("/"))
    return {
        path
        for path in matched
        if not _DATA_OF_CHECKERS.search(path)
        and (
            _STUB_PACKAGE.match(path)
            or path.rpartition("/")[0] in folders
            # Of a native module's submodules, and of theirs: `_rust.abi3.so`, `_rust/x509.pyi`.
            or not natives.isdisjoint(folders_of(path))
        )
    }


def beside_catalogues(matched: Collection[str], around: Surroundings) -> set[str]:
    """Pick translations whose compiled form, which is what gettext reads, lies beside them."""
    return {path for path in matched if path.removesuffix(".po") + ".mo" in around.sizes}


def copied(matched: Collection[str], around: Surroundings) -> set[str]:
    """Pick files of which the distribution has another, of the same name and size, elsewhere."""
    inside = {*matched}
    others = {
        (around.owners.get(path), PurePosixPath(path).name, size)
        for path, size in around.sizes.items()
        if path not in inside
    }
    return {
        path
        for path in matched
        if (around.owners.get(path), PurePosixPath(path).name, around.sizes[path]) in others
    }


def for_people(matched: Collection[str], _: Surroundings) -> set[str]:
    """Pick README, LICENSE, CHANGELOG and the like: other texts are word lists and rules."""
    return {path for path in matched if _FOR_PEOPLE.fullmatch(PurePosixPath(path).stem)}
