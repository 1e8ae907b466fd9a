"""Requirements that name where a distribution is: read, or refused with the line to write instead."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import field
from urllib.parse import urlsplit

from packaging.utils import canonicalize_name

from layer_builder.addresses.asked import (
    AskedAddress,
    RefusedAddressError,
    name_of_wheel,
    take_apart,
    without_login,
)
from layer_builder.addresses.local_projects import LocalProjects
from layer_builder.direct import (
    DirectReference,
    GitCommit,
    GitRemote,
    LocalSource,
    RemoteFile,
    digest_now,
)
from layer_builder.errors import Place, Problem, shortened
from layer_builder.lazy_dataclasses import dataclass

_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_GIT = frozenset({"git+https", "git+http", "git+ssh"})
_FILES = frozenset({"https", "http"})


@dataclass(frozen=True, kw_only=True)
class DirectReader:
    """Reads such requirements of a workspace."""

    projects: LocalProjects
    remote: GitRemote = field(default_factory=GitRemote)
    _now: dict[str, str] = field(default_factory=dict, repr=False)
    """What was asked about addresses, whose answers only go into letters."""

    def __call__(
        self, specifier: str, digests: Sequence[str], folder: str, place: Place
    ) -> tuple[DirectReference, ...] | Problem:
        """Give what a requirement asks for, and behind it the projects that this one takes besides.

        Or say why not, with the line to write where that can be found out: for a branch the commit
        that it points to now, for a file its digest now.
        """
        try:
            first = self._reference(take_apart(specifier, digests, folder), place)
            return tuple(dict.fromkeys((first, *self._beside(first, frozenset()))))
        except RefusedAddressError as error:
            return Problem(message=str(error), place=place, advice=error.advice)
        except (ValueError, OSError) as error:
            shown = shortened(without_login(specifier))
            return Problem(message=f"{shown}: {error}", place=place)

    def _reference(self, asked: AskedAddress, place: Place | None) -> DirectReference:
        name = asked.name
        origin: LocalSource | GitCommit | RemoteFile
        if asked.scheme in _GIT:
            asked.refuse_login()
            origin = self._git(asked)
        elif asked.scheme in _FILES:
            asked.refuse_login()
            origin = self._file(asked)
            name = name or name_of_wheel(urlsplit(origin.url).path)
        elif asked.scheme or re.match(r"git\+|file:|\w+@", asked.address):
            raise RefusedAddressError(
                f"{asked.named}{without_login(asked.address)} is no address that a layer is made from",
                "git+https://, git+ssh:// and https:// are, and paths in the workspace",
            )
        else:
            name, origin = self.projects.find(asked)
        if not name:
            raise RefusedAddressError(
                f"{shortened(asked.address)} does not tell its name",
                f"write it before: NAME @ {origin.address}",
            )
        return DirectReference(
            name=str(canonicalize_name(name)),
            origin=origin,
            extras=asked.extras,
            marker=asked.marker,
            place=place,
        )

    def _git(self, asked: AskedAddress) -> GitCommit:
        address = asked.address.removeprefix("git+").partition("#")[0]
        parts = urlsplit(address)
        path, at, reference = parts.path.rpartition("@")
        url = parts._replace(path=path if at else parts.path).geturl()
        origin = GitCommit(url=url, commit=reference if at else "", subdirectory=asked.subdirectory)
        if _COMMIT.fullmatch(origin.commit):
            return origin
        now = self._now.get(address)
        if now is None:
            now = self._now[address] = self.remote.commit_now(url, origin.commit)
        right = GitCommit(url=url, commit=now, subdirectory=origin.subdirectory)
        what = f"{shortened(origin.commit)}, which is no commit" if at else "whatever is newest"
        raise RefusedAddressError(
            f"{asked.named}git+{url} is asked for at {what}: the next build may get other code",
            f"that is {now} now: write {asked.named}{right.address}"
            if now
            else "name the commit behind @, with all its 40 digits; nobody there told which it is",
        )

    def _file(self, asked: AskedAddress) -> RemoteFile:
        url = asked.address.partition("#")[0]
        given = {*asked.fragment("sha256"), *asked.digests}
        digests = sorted(digest for digest in given if _SHA256.fullmatch(digest))
        if len(digests) == 1:
            return RemoteFile(url=url, sha256=digests[0], subdirectory=asked.subdirectory)
        if url not in self._now:
            self._now[url] = digest_now(url)
        now = self._now[url]
        right = RemoteFile(url=url, sha256=now, subdirectory=asked.subdirectory)
        raise RefusedAddressError(
            f"{asked.named}{url} has {'two digests' if digests else 'no sha256'}: the next build"
            " may get another file",
            f"it is this now: write {asked.named}{right.address}"
            if now
            else f"write {asked.named}{url}#sha256=… with the digest that its publisher tells",
        )

    def _beside(
        self, reference: DirectReference, above: frozenset[str]
    ) -> Iterator[DirectReference]:
        """Yield what a project takes from elsewhere by its own settings, and what that takes."""
        origin = reference.origin
        if not (isinstance(origin, LocalSource) and origin.is_project) or origin.path in above:
            return
        for name, address, folder in self.projects.beside(origin):
            asked = take_apart(f"{name} @ {address}", (), folder)
            found = self._reference(asked, reference.place)
            yield found
            yield from self._beside(found, above | {origin.path})
