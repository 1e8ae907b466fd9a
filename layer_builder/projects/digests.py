"""Whether a project has outgrown its lock, by each tool's own digest of what it was made from.

Computed as the tools do: https://github.com/python-poetry/poetry/blob/main/src/poetry/packages/locker.py
(`_get_content_hash`), https://github.com/pdm-project/pdm/blob/main/src/pdm/project/project_file.py
(`content_hash`), https://github.com/pypa/pipenv/blob/main/pipenv/utils/pipfile.py (`calculate_hash`).
"""

import json
import re
from collections.abc import Iterator, Mapping
from hashlib import sha256

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from layer_builder.projects.locked import table

_POETRY_KEYS = ("dependencies", "source", "extras", "dev-dependencies")
"""That count even where they are missing, in projects without the standard's tables."""


_FIRST_POETRY_WITH_GROUPS = Version("2.3.0")
"""Whose digest covers `[dependency-groups]`."""


_PIPFILE_SECTIONS = frozenset(
    {"source", "packages", "dev-packages", "requires", "scripts", "pipfile", "pipenv"}
)


def is_poetry_lock_fresh(digest: str, lock: str, project: Mapping[str, object]) -> bool:
    """Compare a `content-hash`; the lock's first line tells which Poetry wrote it."""
    if digest == _digest(_of_poetry(project, with_groups=True)):
        return True
    writer = re.match(r"# .*Poetry (\S+)", lock)
    try:
        is_older = writer is not None and Version(writer[1]) < _FIRST_POETRY_WITH_GROUPS
    except InvalidVersion:
        is_older = False
    return is_older and digest == _digest(_of_poetry(project, with_groups=False))


def is_pdm_lock_fresh(digest: str, project: Mapping[str, object]) -> bool:
    """Compare a `content_hash`, which is `sha256:…`; also as PDM before 2.17 made it."""
    algorithm, _, value = digest.partition(":")
    return algorithm == "sha256" and value in {_digest(made) for made in _of_pdm(project)}


def is_pipfile_lock_fresh(digest: object, pipfile: Mapping[str, object], sources: object) -> bool:
    """Compare `_meta.hash.sha256`; the lock's sources stand for those that a Pipfile leaves out."""
    # Pipenv before 2026 took the names as they are written.
    made = (_of_pipfile(pipfile, sources, normalised=normalised) for normalised in (True, False))
    return digest in {_digest(one, separators=(",", ":")) for one in made}


def _of_pipfile(
    pipfile: Mapping[str, object], sources: object, *, normalised: bool
) -> Mapping[str, object]:
    others = pipfile.keys() - _PIPFILE_SECTIONS - {"default", "develop"}
    sections = {"default": "packages", "develop": "dev-packages", **{one: one for one in others}}
    return {
        "_meta": {
            "sources": pipfile.get("source", sources),
            "requires": pipfile.get("requires", {}),
        },
        **{
            category: _named(pipfile.get(section), normalised=normalised)
            for category, section in sections.items()
        },
    }


def _of_poetry(project: Mapping[str, object], *, with_groups: bool) -> Mapping[str, object]:
    standard = table(project.get("project"), "[project]")
    keys = ("requires-python", "dependencies", "optional-dependencies")
    own = {key: standard[key] for key in keys if key in standard}
    groups = table(project.get("dependency-groups"), "groups") if with_groups else {}
    settings = table(table(project.get("tool"), "[tool]").get("poetry"), "[tool.poetry]")
    relevant = {
        key: settings.get(key)
        for key in (*_POETRY_KEYS, "group")
        if key in settings or (key in _POETRY_KEYS and not (own or groups))
    }
    whole: dict[str, object] = {"project": own} if own else {}
    whole |= {"dependency-groups": groups} if groups else {}
    return {**whole, "tool": {"poetry": relevant}} if whole else relevant


def _of_pdm(project: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    standard = table(project.get("project"), "[project]")
    settings = table(table(project.get("tool"), "[tool]").get("pdm"), "[tool.pdm]")
    own = table(settings.get("dev-dependencies"), "dev-dependencies")
    groups: dict[str, list[object]] = {}
    for name, entries in (*table(project.get("dependency-groups"), "groups").items(), *own.items()):
        if isinstance(entries, list):
            groups.setdefault(canonicalize_name(name), []).extend(entries)
    resolution = table(settings.get("resolution"), "resolution")
    common = {
        "sources": settings.get("source", []),
        "dependencies": standard.get("dependencies", []),
        "optional-dependencies": standard.get("optional-dependencies", {}),
        "requires-python": standard.get("requires-python", ""),
    }
    yield {**common, "dev-dependencies": groups, "resolution": resolution}
    overrides = resolution.get("overrides", {})
    yield {**common, "dev-dependencies": own, "overrides": overrides}


def _named(entries: object, *, normalised: bool) -> object:
    if not isinstance(entries, dict):
        return entries if entries is not None else {}
    return {canonicalize_name(k) if normalised else k: v for k, v in entries.items()}


def _digest(value: object, *, separators: tuple[str, str] | None = None) -> str:
    content = json.dumps(value, sort_keys=True, separators=separators, default=str)
    return sha256(content.encode()).hexdigest()
