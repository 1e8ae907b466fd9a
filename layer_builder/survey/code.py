"""A repository's own Python: where handlers are, which files of it one imports, what it reads of its environment."""

import ast
import posixpath
import re
from collections.abc import Iterator
from functools import cached_property

from layer_builder.deployments import Repository, folder_of, parse_python
from layer_builder.lazy_dataclasses import dataclass

_HANDLER = re.compile(
    r"^(?:async )?def (\w*handler)\(\s*_?event\b[^)]{0,200}?,\s*_?(?:context|ctx)\b", re.MULTILINE
)
"""As AWS's documentation writes them: https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html."""


_NO_CODE = frozenset({"tests", "test", "docs", "doc", "examples", "scripts", "tools", "benchmarks"})
"""Folders that no function is in."""


_MOST_CHARACTERS = 256 * 1024
_MOST_MODULES = 200


@dataclass(frozen=True, kw_only=True)
class Handler:
    """A function that Lambda could call."""

    file: str
    name: str
    line: int


@dataclass(frozen=True, kw_only=True)
class Read:
    """A variable that is read while a module is imported, and has to be there."""

    name: str
    file: str
    line: int


def is_aside(path: str) -> bool:
    """Tell whether a file is of tests, documentation or tools.

    >>> is_aside("tests/unit/app.py"), is_aside("app/test_app.py"), is_aside("app/main.py")
    (True, True, False)
    """
    *folders, name = path.split("/")
    return bool(_NO_CODE & {*folders}) or bool(re.match(r"test_|conftest\.|.*_test\.", name))


def find_handlers(repository: Repository) -> Iterator[Handler]:
    """Yield what looks like handlers, files in order."""
    for path in repository.named(r".*\.py"):
        if is_aside(path):
            continue
        text = repository.texts[path]
        for found in _HANDLER.finditer(text[:_MOST_CHARACTERS]):
            line = text.count("\n", 0, found.start()) + 1
            yield Handler(file=path, name=found[1], line=line)


@dataclass(frozen=True)
class Closure:
    """The modules below a folder that a file imports, itself among them."""

    repository: Repository
    folder: str
    """What is on Python's path."""
    file: str

    @cached_property
    def files(self) -> tuple[str, ...]:
        """Their files, in the order in which they were found."""
        found, queue = {self.file: None}, [self.file]
        while queue and len(found) < _MOST_MODULES:
            path = queue.pop()
            for name in _imports(self._tree(path), self._package(path)):
                for module in self._modules(name):
                    if module not in found:
                        found[module] = None
                        queue.append(module)
        return tuple(found)

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """Name the packages at the top of the repository that are imported and not below the folder."""
        if self.folder == ".":
            return ()
        names = {
            name.partition(".")[0]
            for path in self.files
            for name in _imports(self._tree(path), self._package(path))
            if not any(self._modules(name.partition(".")[0]))
        }
        below = {one for one in names if any(self.repository.below(one, ".py"))}
        return tuple(sorted(below - _NO_CODE))

    @property
    def parts(self) -> tuple[str, ...]:
        """Name the files and folders right below the folder that hold them; folders end with a slash.

        What lies there besides, and the code names in a text, is data that it may read.
        """
        prefix = "" if self.folder == "." else f"{self.folder}/"
        parts = (path.removeprefix(prefix).partition("/") for path in self.files)
        found = {first + slash for first, slash, _ in parts}
        for word in {word for path in self.files for word in _words(self._tree(path))}:
            if self.repository.holds(prefix + word):
                found.add(word)
            elif word not in _NO_CODE and self.repository.has_folder(prefix + word):
                found.add(f"{word}/")
        return tuple(sorted(found))

    @property
    def reads(self) -> tuple[Read, ...]:
        """What has to be in the environment for the import."""
        return tuple(
            Read(name=name, file=path, line=line)
            for path in self.files
            for name, line in _reads(self._tree(path))
        )

    def _tree(self, path: str) -> ast.Module:
        return parse_python(self.repository.texts.get(path, ""))

    def _package(self, path: str) -> str:
        below = posixpath.relpath(folder_of(path), self.folder)
        return "" if below == "." else below.replace("/", ".")

    def _modules(self, dotted: str) -> Iterator[str]:
        """Yield the files of a module and of the packages around it."""
        names = dotted.split(".")
        for length in range(1, len(names) + 1):
            stem = posixpath.normpath(posixpath.join(self.folder, *names[:length]))
            for path in (f"{stem}.py", f"{stem}/__init__.py"):
                if path in self.repository.texts:
                    yield path


def _imports(tree: ast.Module, package: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".") if package else []
            kept = above[: len(above) - node.level + 1] if node.level else []
            base = ".".join([*kept, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}".lstrip(".") for alias in node.names)


def _words(tree: ast.Module) -> Iterator[str]:
    """Yield the first parts of texts that may be paths."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            word = node.value.removeprefix("./").partition("/")[0]
            if re.fullmatch(r"[\w-][\w. -]{0,60}", word):
                yield word


def _reads(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield `os.environ["X"]` outside of functions: those run later."""
    queue: list[ast.AST] = [*tree.body]
    while queue:
        node = queue.pop()
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                continue
            case ast.Subscript(
                value=ast.Attribute(attr="environ") | ast.Name(id="environ"),
                slice=ast.Constant(value=str(name)),
                ctx=ast.Load(),
            ):
                yield name, node.lineno
            case _:
                pass
        queue.extend(ast.iter_child_nodes(node))
