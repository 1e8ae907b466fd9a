"""Functions: those that a deployment describes, else those that code looks like; with their code, as a manifest has it."""

import posixpath
import re
from collections.abc import Iterator, Sequence

from layer_builder.deployments import FoundFunction, Hint, Repository, folder_of, printable
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.survey.code import Closure, Handler, find_handlers

_USUAL = frozenset({"app", "main", "index", "handler", "handlers", "lambda_function", "__init__"})
"""What files with handlers are called when the folder has the name of the function."""


_MOST_FUNCTIONS = 50
_MOST_CHARACTERS = 200


def functions_of_code(repository: Repository) -> Iterator[FoundFunction]:
    """Yield what looks like handlers, where nothing describes functions."""
    for number, handler in enumerate(find_handlers(repository)):
        if number == _MOST_FUNCTIONS:
            return
        yield _of_handler(repository, handler)


def _of_handler(repository: Repository, handler: Handler) -> FoundFunction:
    folder = folder_of(handler.file)
    above = folder
    # Python finds a package from the folder around the topmost one.
    while above != "." and repository.holds(f"{above}/__init__.py"):
        above = folder_of(above)
    around = re.match(r"(?:.*/)?src(?=/|$)", folder)
    if around and names_src(repository, around[0]):
        above = folder_of(around[0])
    is_source = posixpath.basename(above) == "src"
    root = above
    module = posixpath.relpath(handler.file, root).removesuffix(".py").replace("/", ".")
    stem = posixpath.basename(handler.file).removesuffix(".py")
    near = posixpath.basename(folder)
    is_named = stem in _USUAL and near not in {"", ".", "src"}
    return FoundFunction(
        name=near if is_named else stem,
        hint=Hint.line(handler.file, handler.line, f"def {handler.name}"),
        handler=f"{module.removesuffix('.__init__')}.{handler.name}",
        folder=root,
        whole=root == folder and root != "." and not is_source,
    )


_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]+")
"""https://docs.aws.amazon.com/lambda/latest/api/API_Environment.html."""


_SECRET = re.compile(r"(?i)secret|passw|token|key|credential")
"""Names of variables whose values are not copied."""


@dataclass(frozen=True, kw_only=True)
class FunctionCode:
    """What of a manifest's function comes from its code."""

    entry: dict[str, object]
    remarks: tuple[str, ...] = ()


def names_src(repository: Repository, folder: str) -> bool:
    """Tell whether code of a src folder is imported as `src.…`: the folder around it is on the path then."""
    texts = (repository.texts.get(path, "") for path in repository.below(folder, ".py"))
    return any(re.search(r"(?m)^\s*(?:from|import) src\b", text) for text in texts)


def code_of(repository: Repository, function: FoundFunction, *, in_layer: bool) -> FunctionCode:
    """Say what lies in /var/task, and whether the handler can be tried; `in_layer`: a layer has the code."""
    file = _file_of(repository, function)
    if function.folder is None or file is None or not re.fullmatch(r"\S{1,128}", function.handler):
        words = f"handler: {printable(function.handler)}: the file of it was not found"
        return FunctionCode(entry={}, remarks=(words,))
    closure = Closure(repository, function.folder, file)
    entry: dict[str, object] = {}
    if not in_layer:
        entry["code"] = _code(function, closure)
    known = {
        name: value for name, value in function.environment.items()
        if value and value.isprintable() and len(value) <= _MOST_CHARACTERS
        and _VARIABLE.fullmatch(name)
        and not _SECRET.search(name)
    }  # fmt: skip
    missing = [
        read for read in closure.reads if read.name not in known and not _is_given(read.name)
    ]
    remarks = []
    if unknown := sorted({*function.environment} - {*known}):
        names = ", ".join(printable(name) for name in unknown[:10])
        remarks.append(f"environment: known when it is deployed: {names}")
    if missing:
        read = missing[0]
        where = f"{printable(read.file)}:{read.line}"
        remarks += [
            f"{where} reads {printable(read.name)} of the environment when it is imported: give it,"
            " and take the # away",
            f"environment: {{{', '.join(sorted({printable(one.name) for one in missing}))}: …}}",
            f"handler: {printable(function.handler)}",
        ]
    else:
        entry["handler"] = function.handler
    if known:
        entry["environment"] = known
    return FunctionCode(entry=entry, remarks=tuple(remarks))


def packages_beside(repository: Repository, function: FoundFunction) -> tuple[str, ...]:
    """Name the packages at the top of the repository that a function imports, and does not lie beside."""
    file = _file_of(repository, function)
    if function.folder is None or file is None:
        return ()
    return Closure(repository, function.folder, file).elsewhere


def _is_given(name: str) -> bool:
    """Tell of a variable that Lambda sets, and the proof with it."""
    return name.startswith(("AWS_", "LAMBDA_", "_HANDLER", "PATH", "LANG", "TZ"))


def _file_of(repository: Repository, function: FoundFunction) -> str | None:
    module = function.handler.rpartition(".")[0].replace(".", "/")
    stem = posixpath.normpath(posixpath.join(function.folder or ".", module))
    return next((p for p in (f"{stem}.py", f"{stem}/__init__.py") if p in repository.texts), None)


def _code(function: FoundFunction, closure: Closure) -> object:
    folder = closure.folder
    if function.whole and folder != ".":
        return f"{folder}/"
    parts: Sequence[str] = closure.parts
    prefix = "" if folder == "." else f"{folder}/"
    if len(parts) == 1 and not prefix and not parts[0].endswith("/"):
        return parts[0]
    return [{"from": prefix + part, "to": part} for part in parts]
