"""What asks for distributions: each folder's lock, project or requirements file, the best of them."""

import posixpath
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace

from layer_builder.deployments import Hint, Repository, folder_of, printable
from layer_builder.errors import ManifestError
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Project, Target
from layer_builder.projects import find_project, read_project
from layer_builder.survey.code import is_aside

_LOCKS = {
    "uv.lock": "pyproject.toml",
    "poetry.lock": "pyproject.toml",
    "pdm.lock": "pyproject.toml",
    "Pipfile.lock": "Pipfile",
}
_TOOLS = {"poetry.lock": "Poetry", "pdm.lock": "PDM", "Pipfile.lock": "Pipenv", "uv.lock": "uv"}
_ASIDE = re.compile(
    r"(?:^|[-_./])(?:dev|develop|test|tests|testing|lint|docs?|ci|build|tools?|types|typing|local|aws-cdk)(?:[-_.]|$)"
)
"""What people name requirements by that no function needs."""


_MOST_TOLD = 500
"""Characters of what a build would say."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A folder, and what there asks for distributions."""

    folder: str
    hint: Hint
    requirements: tuple[str, ...] = ()
    project: str = ""
    """The path for `project:`; empty for requirements files."""
    name: str = ""
    """What the project calls itself."""
    warnings: tuple[str, ...] = ()

    part: str = ""
    """What its file is for, where it is one of several."""

    @property
    def parts(self) -> tuple["Source", ...]:
        """Its files apart, where there are several."""
        if len(self.requirements) < 2:  # noqa: PLR2004 (several)
            return (self,)
        return tuple(
            replace(
                self, requirements=(path,), hint=Hint.line(path, None, "a requirements file"),
                part=re.sub(r"^requirements|\.txt$", "", posixpath.basename(path)),
            )
            for path in self.requirements
        )  # fmt: skip

    @property
    def entry(self) -> dict[str, object]:
        """How the manifest asks for it."""
        if self.project:
            return {"project": {"path": self.project}}
        one, *others = self.requirements
        return {"requirements": [one, *others] if others else one}


def find_sources(repository: Repository, target: Target, tooling: tuple[str, ...]) -> list[Source]:
    """Find the source of each folder that has one; `tooling` is none. Upper folders come first."""
    folders = {
        folder_of(path): None
        for path in repository.named(
            r"requirements.*\.txt|pyproject\.toml|Pipfile(?:\.lock)?|.*\.lock"
        )
        if not is_aside(path)
    }
    found = (_source(repository, folder, target, tooling) for folder in folders)
    return [one for one in found if one]


def requirements_at(files: tuple[str, ...]) -> Source:
    """Give the source that is made of these requirements files."""
    hint = Hint.line(files[0], None, "a requirements file")
    return Source(folder=folder_of(files[0]), hint=hint, requirements=files)


def _source(
    repository: Repository, folder: str, target: Target, tooling: tuple[str, ...]
) -> Source | None:
    prefix = "" if folder == "." else f"{folder}/"
    locks = [
        lock for lock, source in _LOCKS.items()
        if repository.holds(prefix + lock) and repository.holds(prefix + source)
        and prefix + source not in tooling
    ]  # fmt: skip
    files = [
        path
        for path in sorted(repository.texts)
        if folder_of(path) == folder and path not in tooling and _is_for_functions(path)
    ]
    plain = prefix + "requirements.txt"
    chosen = [plain] if plain in files else files
    filled = tuple(path for path in chosen if _has_lines(repository.texts[path]))
    project = _table(_toml(repository.texts.get(f"{prefix}pyproject.toml", "")).get("project"))
    name = str(project.get("name") or _poetry(repository, prefix).get("name") or "")
    if locks[:1] == ["uv.lock"] and not ({*project} & {"dependencies", "dynamic"}):
        # The root of a workspace, or a project of groups alone.
        return None
    if locks:
        path = folder if len(locks) == 1 else prefix + locks[0]
        words = f"the lock of {_TOOLS[locks[0]]}" + (
            f", of {len(locks)} locks" if len(locks) > 1 else ""
        )
        return _project(
            repository, path, folder, name, Hint.line(prefix + locks[0], None, words), target
        )
    if filled:
        others = ", ".join(posixpath.basename(path) for path in filled[1:])
        words = f"a requirements file, with {others}" if others else "a requirements file"
        hint = Hint.line(filled[0], None, words)
        return Source(folder=folder, hint=hint, requirements=filled, name=name)
    pyproject = f"{prefix}pyproject.toml"
    asks = project.get("dependencies") or {*_poetry(repository, prefix)} & {"dependencies"}
    if asks and pyproject not in tooling:
        hint = Hint.line(pyproject, None, "its dependencies; there is no lock")
        return _project(repository, folder, folder, name, hint, target)
    return None


def _project(  # noqa: PLR0913, PLR0917 (what is known of a project)
    repository: Repository, path: str, folder: str, name: str, hint: Hint, target: Target
) -> Source | None:
    """Read the project as a build does: what is out of date or refused is known now."""
    wanted, warnings = Project(path=path, place=hint.place), list[str]()
    try:
        files = find_project(wanted, lambda name: repository.texts.get(posixpath.normpath(name)))
        lines = read_project(files, wanted, target)
        if not lines.lines and not lines.for_uv:
            return None
    except ManifestError as error:
        warnings = [
            printable(" → ".join([problem.message, *problem.advice]), _MOST_TOLD)
            for problem in error.problems
        ]
    return Source(folder=folder, hint=hint, project=path, name=name, warnings=tuple(warnings))


def _is_for_functions(path: str) -> bool:
    name = posixpath.basename(path)
    if not re.fullmatch(r"requirements.*\.txt", name):
        return False
    return not _ASIDE.search(name.removesuffix(".txt").removeprefix("requirements"))


def _has_lines(text: str) -> bool:
    return any(line.strip() and not line.lstrip().startswith("#") for line in text.splitlines())


def _toml(text: str) -> Mapping[str, object]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _poetry(repository: Repository, prefix: str) -> Mapping[str, object]:
    read = _toml(repository.texts.get(f"{prefix}pyproject.toml", ""))
    return _table(_table(read.get("tool")).get("poetry"))


def _table(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def python_hints(repository: Repository) -> Iterator[Hint]:
    """Yield what the files at the top say of the Python, the surest first; `words` begins with it."""
    for name in (".python-version", "runtime.txt"):
        if found := re.search(r"^(?:python-)?(3\.\d+)", repository.texts.get(name, "").strip()):
            yield Hint.line(name, 1, found[1])
    for name, key in (("Pipfile", "python_version"), ("pyproject.toml", "requires-python")):
        text = repository.texts.get(name, "")
        if found := re.search(rf"(?m)^{key}\s*=\s*[\"'](.+?)[\"']", text):
            yield Hint.at(name, text, found.start(), found[1])
    text = repository.texts.get("pyproject.toml", "")
    section = re.search(r"(?m)^\[tool\.poetry\.dependencies\]$", text)
    if section and (
        found := re.compile(r"(?m)^python\s*=\s*[\"'](.+?)[\"']").search(text, section.end())
    ):
        yield Hint.at("pyproject.toml", text, found.start(), found[1])
