"""Direct references: distributions that come from no index, but from where a requirement says.

https://packaging.python.org/en/latest/specifications/version-specifiers/#direct-references
"""

from dataclasses import field
from typing import assert_never

from layer_builder.errors import Place
from layer_builder.lazy_dataclasses import dataclass

_WHEEL = ".whl"


@dataclass(frozen=True, kw_only=True)
class LocalSource:
    """A project of the workspace, packed as an sdist of it would be; or a wheel or sdist there."""

    path: str
    """Relative to the manifest's folder."""
    file: str
    """The name of the file that an installer gets."""
    sha256: str
    content: bytes = field(repr=False, compare=False)
    is_project: bool
    left_out: tuple[str, ...] = field(default=(), compare=False)
    """Files of the project that look like credentials."""

    @property
    def address(self) -> str:
        """Where it is, and what it holds: the same on every machine."""
        return (
            f"{self.path if self.path.startswith('.') else f'./{self.path}'}#sha256={self.sha256}"
        )


@dataclass(frozen=True, kw_only=True)
class GitCommit:
    """What a repository holds at a commit."""

    url: str
    """https, http or ssh."""
    commit: str
    """All 40 hexadecimal digits."""
    subdirectory: str = ""

    @property
    def address(self) -> str:
        """Where it is, as pip and uv write it."""
        below = f"#subdirectory={self.subdirectory}" if self.subdirectory else ""
        return f"git+{self.url}@{self.commit}{below}"


@dataclass(frozen=True, kw_only=True)
class RemoteFile:
    """A wheel or an sdist at an address."""

    url: str
    """https or http, without a fragment."""
    sha256: str
    subdirectory: str = ""

    @property
    def address(self) -> str:
        """Where it is, and what it holds."""
        below = f"&subdirectory={self.subdirectory}" if self.subdirectory else ""
        return f"{self.url}#sha256={self.sha256}{below}"


Origin = LocalSource | GitCommit | RemoteFile


@dataclass(frozen=True, kw_only=True)
class DirectReference:
    """A distribution, and where it comes from."""

    name: str
    """Normalised."""
    origin: Origin
    extras: tuple[str, ...] = ()
    marker: str = ""
    place: Place | None = field(default=None, compare=False)
    is_editable: bool = field(default=False, compare=False)
    """Whether a file asks for it with `-e`, which a layer has no use for."""

    @property
    def line(self) -> str:
        """The requirement, the same on every machine."""
        return self.at(self.origin.address)

    def at(self, address: str) -> str:
        """Write the requirement with another address."""
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return f"{self.name}{extras} @ {address}{f' ; {self.marker}' if self.marker else ''}"

    @property
    def is_built(self) -> bool:
        """Whether a backend has to make its wheel."""
        match self.origin:
            case LocalSource(file=name):
                return not name.endswith(_WHEEL)
            case RemoteFile(url=url):
                return not url.partition("?")[0].endswith(_WHEEL)
            case GitCommit():
                return True
            case _:
                assert_never(self.origin)

    @property
    def needs_leave(self) -> bool:
        """Whether `build:` has to name it: what others wrote, and their backend is to make."""
        is_own = isinstance(self.origin, LocalSource) and self.origin.is_project
        return self.is_built and not is_own
