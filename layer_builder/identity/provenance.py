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


@dataclass(frozen=True, kw_only=True)
class _Repository:
    """Where a manifest is kept."""

    name: str
    source: str
    """Where the name was found."""
    top: Path
    """The folder that it begins at."""
    commit: str = ""
    """What the job says is checked out; empty where only git knows."""


def find_provenance(
    named: str, manifest: Path, workspace: Workspace, environ: Mapping[str, str]
) -> Provenance:
    """Find the owner: as the manifest names it, else by its repository and its own path there.

    The repository is `GITHUB_REPOSITORY`, unless git's origin says that the manifest is checked out
    from another one; else what origin says; both without their host, and in lower case. Without either
    it is called like the folder of the checkout, and without git like the folder of the manifest.
    https://docs.github.com/en/actions/reference/workflows-and-actions/variables
    """
    repository = _repository(workspace, environ)
    written, source = named, "owner: of the manifest"
    if not named:
        path = Path(os.path.realpath(manifest)).relative_to(repository.top)
        written, source = f"{repository.name}:{path.as_posix()}", repository.source
    commit = repository.commit
    if not _COMMIT.fullmatch(commit):
        commit = workspace.commit()
    known = _COMMIT.fullmatch(commit)
    return Provenance(
        owner=owner_mark(written),
        commit=commit[:_SHOWN] if known else UNKNOWN_COMMIT,
        written=written,
        source=source,
    )


def _repository(workspace: Workspace, environ: Mapping[str, str]) -> _Repository:
    # To GitHub a name is the same in any case, and people clone by what they type. The host says
    # nothing: by SSH it may be an alias of one's own (`git@work:…`), or another than the web's.
    checkout, of_job = workspace.checkout, environ.get("GITHUB_REPOSITORY", "").casefold()
    origin = repository_of(workspace.origin()).casefold()
    if of_job and origin in {"", of_job}:
        # Without an origin nothing else tells two folders of the workspace apart.
        top = checkout if checkout and origin else workspace.root
        commit = environ.get("GITHUB_SHA", "")
        return _Repository(name=of_job, source="GITHUB_REPOSITORY", top=top, commit=commit)
    if checkout is None:
        without = "the manifest's folder: there is no git here"
        return _Repository(name=workspace.base.name, source=without, top=workspace.base)
    if origin:
        other = f"; the job is of {of_job}" if of_job else ""
        return _Repository(name=origin, source=f"git's origin{other}", top=checkout)
    without = "the checkout's folder: git has no remote origin"
    return _Repository(name=checkout.name, source=without, top=checkout)


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
