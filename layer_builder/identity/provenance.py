"""Where layer versions come from: whose they are, and of which commit."""

import os
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import UNKNOWN_COMMIT, Stamp, owner_mark
from layer_builder.sources import Workspace

_SHOWN = 12
"""Digits of a commit in a stamp."""
_COMMIT = re.compile(r"[0-9a-f]{12,64}")
_REMOTE = re.compile(r"(?:[^/@]+@)?[^/:@]+:(?!//)(?P<path>.+)")
"""`git@example.com:owner/repository.git`: https://git-scm.com/docs/git-clone#_git_urls"""


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Whose the layer versions of a run are, and from which commit they are made."""

    owner: str
    """As a stamp has it."""
    commit: str
    written: str
    """The owner in full."""
    source: str
    """Where the owner was found, for the log."""

    def stamp(self, key: str) -> Stamp:
        """Write the stamp of a layer with a key."""
        return Stamp(key=key, owner=self.owner, commit=self.commit)

    def __str__(self) -> str:
        """Say it in a line of the log."""
        as_stamped = "" if self.owner == self.written else f", in stamps {self.owner}"
        return f"{self.written} ({self.source}{as_stamped})"


def find_provenance(
    named: str, manifest: Path, workspace: Workspace, environ: Mapping[str, str]
) -> Provenance:
    """Find the owner: as the manifest names it, else by its repository and its own path there.

    The repository is `GITHUB_REPOSITORY`, else what git's origin says; without either it is called
    like the folder of the checkout, and without git like the folder of the manifest.
    https://docs.github.com/en/actions/reference/workflows-and-actions/variables
    """
    written, source = named, "owner: of the manifest"
    if not named:
        repository, source, top = _repository(workspace, environ)
        path = Path(os.path.realpath(manifest)).relative_to(top)
        written = f"{repository}:{path.as_posix()}"
    commit = environ.get("GITHUB_SHA", "")
    if not _COMMIT.fullmatch(commit):
        commit = workspace.commit()
    known = _COMMIT.fullmatch(commit)
    return Provenance(
        owner=owner_mark(written),
        commit=commit[:_SHOWN] if known else UNKNOWN_COMMIT,
        written=written,
        source=source,
    )


def _repository(workspace: Workspace, environ: Mapping[str, str]) -> tuple[str, str, Path]:
    """Name the repository, say how it is known, and give the folder that it begins at."""
    checkout = workspace.checkout
    if named := environ.get("GITHUB_REPOSITORY"):
        return named, "GITHUB_REPOSITORY", checkout or workspace.root
    if checkout is None:
        return workspace.base.name, "the manifest's folder: there is no git here", workspace.base
    if named := repository_of(workspace.origin()):
        return named, "git's origin", checkout
    return checkout.name, "the checkout's folder: git has no remote origin", checkout


def repository_of(address: str) -> str:
    """Name the repository at an address as its host does; empty for one that is on no host.

    >>> repository_of("git@example.com:octo-org/contracts.git")
    'octo-org/contracts'
    """
    if "://" in address:
        try:
            parts = urlsplit(address)
        except ValueError:
            return ""
        path = parts.path if parts.hostname else ""
    else:
        match = _REMOTE.fullmatch(address)
        path = match["path"] if match else ""
    return str(PurePosixPath(path.strip("/"))).removesuffix(".git") if path.strip("/") else ""
