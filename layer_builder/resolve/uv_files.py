"""The caller's uv files: which of them count, and what they may say of indexes."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from layer_builder.errors import Place, Problem
from layer_builder.resolve.index_settings import (
    index_addresses,
    index_environment,
    login_variables,
    read_index_settings,
    without_names,
)
from layer_builder.sources import Workspace, named_origins


def find_uv_environment(
    workspace: Workspace, environ: Mapping[str, str], warn: Callable[[Problem], None]
) -> tuple[dict[str, str], frozenset[str]]:
    """Build uv's environment, with the index settings of the uv files that count.

    Gives with it the origins of the indexes that the caller names.
    """
    settings, origins = find_index_settings(workspace, environ, warn)
    return index_environment(environ, settings), origins


def find_index_settings(
    workspace: Workspace, environ: Mapping[str, str], warn: Callable[[Problem], None]
) -> tuple[dict[str, str], frozenset[str]]:
    """Read the index settings of the nearest uv files in the workspace, and of the user's own.

    Gives them as variables of uv, and the origins (`https://host:443`) of the indexes that the
    caller names: in the environment, or in the user's own file. A file of the workspace is the
    repository's word: its indexes get no login of the caller's unless they are at one of these.
    A file that cannot be read is warned of.
    """
    of_user = _read(_user_file(environ), workspace, warn)
    addresses = (*index_addresses(environ), *index_addresses(of_user))
    origins = named_origins(addresses)
    variables: dict[str, str] = {}
    folders = [folder for folder in (workspace.base, *workspace.base.parents)
               if folder.is_relative_to(workspace.root)]  # fmt: skip
    for path in (folder / name for folder in folders for name in ("uv.toml", "pyproject.toml")):
        settings, dropped = without_names(_read(path, workspace, warn), origins)
        variables = settings | variables
        for name in dropped:
            if any(variable in environ for variable in login_variables(name)):
                warn(_nameless(name, path))
    return of_user | variables, origins


def _user_file(environ: Mapping[str, str]) -> Path:
    folder = environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "~"), ".config")
    return Path(folder, "uv", "uv.toml")


def _read(path: Path, workspace: Workspace, warn: Callable[[Problem], None]) -> dict[str, str]:
    if not path.is_file():
        return {}
    place = Place(file=os.path.relpath(path))
    is_own = not path.is_relative_to(workspace.root)
    if not (is_own or workspace.holds(path)):
        warn(Problem(message="its index settings are not used: the link leaves the workspace",
                     place=place))  # fmt: skip
        return {}
    try:
        text = path.read_text(encoding="utf-8") if is_own else workspace.load(path)
        return read_index_settings(text, of_pyproject=path.name == "pyproject.toml")
    except (OSError, ValueError) as error:
        message = f"its index settings are not used, since it cannot be read: {error}"
        warn(Problem(message=message, place=place))
        return {}


def _nameless(name: str, path: Path) -> Problem:
    return Problem(
        message=f"the index {name} gets no login: {login_variables(name)[1]} is sent only where a"
        " variable of the environment says",
        place=Place(file=os.path.relpath(path)),
        advice=(f"set UV_INDEX={name}=https://… beside the login, or UV_DEFAULT_INDEX",),
    )
