"""Projects, wheels and sdists that lie in the workspace, packed for the installer."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import field
from hashlib import sha256
from pathlib import Path

from packaging.utils import canonicalize_name

from layer_builder.addresses.asked import AskedAddress, RefusedAddressError, name_of_wheel
from layer_builder.addresses.project_files import source_files
from layer_builder.addresses.project_names import (
    find_name,
    member_patterns,
    read_pyproject,
    reader_of,
    sources_of,
)
from layer_builder.direct import LocalSource, pack
from layer_builder.errors import shortened
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.sources import Workspace

_ARCHIVES = (".whl", ".tar.gz", ".zip")
_PROJECT_FILES = frozenset({"pyproject.toml", "setup.py"})


@dataclass(frozen=True, kw_only=True)
class LocalProjects:
    """What was found in a workspace, each packed once."""

    workspace: Workspace
    _packed: dict[tuple[str, str], LocalSource] = field(default_factory=dict, repr=False)

    def find(self, asked: AskedAddress) -> tuple[str, LocalSource]:
        """Give the name of what is at a path, and what to hand to the installer.

        Raises RefusedAddressError, OSError, and ValueError for files that cannot be read.
        """
        value = asked.address.partition("#")[0]
        if value.startswith(("/", "~")) or "\\" in value or "\0" in value:
            raise RefusedAddressError(
                f"{shortened(value)} is another path on every machine",
                "write it relative to this file's folder, or to the manifest's under packages:",
            )
        full = Path(os.path.realpath(self.workspace.base / asked.folder / value))
        if not self.workspace.holds(full):
            raise RefusedAddressError(
                f"{shortened(value)} leaves the workspace, which is the git checkout or"
                " GITHUB_WORKSPACE",
                "put it in the workspace, or build a wheel of it and put that on an index",
            )
        if not full.exists():
            raise RefusedAddressError(f"there is nothing at {shortened(value)}")
        path = Path(os.path.relpath(full, self.workspace.base)).as_posix()
        if full.is_file():
            return asked.name or name_of_wheel(full.name), _file(full, path, asked)
        return self._project(full, path, asked, value)

    def _project(
        self, full: Path, path: str, asked: AskedAddress, value: str
    ) -> tuple[str, LocalSource]:
        if not any((full / file).is_file() for file in _PROJECT_FILES):
            raise RefusedAddressError(
                f"{shortened(value)} has no pyproject.toml and no setup.py, so nothing builds it",
                "put code that is no project into the layer with include:",
            )
        own = find_name(reader_of(full))
        if not (asked.name or own):
            raise RefusedAddressError(
                f"{shortened(value)} does not tell its name without running its code",
                f"write NAME @ {value}, or give its pyproject.toml a [project] with name",
            )
        if asked.name and own and canonicalize_name(own) != canonicalize_name(asked.name):
            raise RefusedAddressError(f"{shortened(value)} is {own}, and not {asked.name}")
        name = str(canonicalize_name(own or asked.name))
        if (path, name) not in self._packed:
            self._packed[path, name] = self._pack(full, path, name)
        return name, self._packed[path, name]

    def _pack(self, full: Path, path: str, name: str) -> LocalSource:
        files, secrets = source_files(self.workspace, full)
        if not _PROJECT_FILES & {file.path for file in files}:
            raise RefusedAddressError(f"git ignores what is in {shortened(path)}")
        content = pack(name, files)
        return LocalSource(
            path=path,
            file=f"{name}.tar.gz",
            sha256=sha256(content).hexdigest(),
            content=content,
            is_project=True,
            left_out=tuple(secrets),
        )

    def beside(self, source: LocalSource) -> Iterator[tuple[str, str, str]]:
        """Yield what a project takes by `[tool.uv.sources]`: name, address, what a path is relative to.

        Raises ValueError for files that cannot be read, RefusedAddressError.
        """
        folder = self.workspace.base / source.path
        root, settings = self._uv_workspace(folder)
        for name, entry in sources_of(read_pyproject(reader_of(folder)), settings):
            if entry.get("workspace") is True:
                yield name, self._member(name, root, source.path), ""
            elif address := _address(entry):
                yield name, address, source.path

    def _uv_workspace(self, folder: Path) -> tuple[Path, Mapping[str, object]]:
        real = Path(os.path.realpath(folder))
        for one in (real, *real.parents):
            if not one.is_relative_to(self.workspace.root):
                break
            own = read_pyproject(reader_of(one))
            if member_patterns(own) is not None:
                return one, own
        return real, {}

    def _member(self, name: str, root: Path, asking: str) -> str:
        """Give the path of a member of uv's workspace, from the manifest."""
        patterns = member_patterns(read_pyproject(reader_of(root))) or []
        for folder in (root, *(one for pattern in patterns for one in sorted(root.glob(pattern)))):
            if canonicalize_name(find_name(reader_of(folder)) or "-") == name:
                path = Path(os.path.relpath(folder, self.workspace.base)).as_posix()
                return path if path.startswith(".") else f"./{path}"
        raise RefusedAddressError(
            f"{asking} takes {name} from uv's workspace, which has no such member"
        )


def _file(full: Path, path: str, asked: AskedAddress) -> LocalSource:
    if not full.name.endswith(_ARCHIVES):
        raise RefusedAddressError(f"{shortened(path)} is no project, no wheel and no sdist")
    content = full.read_bytes()
    digest = sha256(content).hexdigest()
    given = {*asked.digests, *asked.fragment("sha256")}
    if given and digest not in given:
        raise RefusedAddressError(
            f"{shortened(path)} has the sha256 {digest}, and not the one given"
        )
    return LocalSource(path=path, file=full.name, sha256=digest, content=content, is_project=False)


def _address(entry: Mapping[str, object]) -> str:
    """Give the address in an entry of `[tool.uv.sources]`; empty for one of an index."""
    if git := entry.get("git"):
        at = next((entry[key] for key in ("rev", "tag", "branch") if key in entry), "")
        below = entry.get("subdirectory")
        plain = str(git).removeprefix("git+")
        return f"git+{plain}{f'@{at}' if at else ''}{f'#subdirectory={below}' if below else ''}"
    return str(entry.get("url") or entry.get("path") or "")
