"""What git says of a file of the workspace."""

import os
import shutil
import subprocess
from pathlib import Path

_SETTINGS = (
    # A checkout may belong to another user (a container's root), which git refuses to look at; the
    # command line is among the few places where that can be allowed:
    # https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory
    *("-c", "safe.directory=*"),
    # The one program that a repository's settings could have `ls-files` run:
    # https://git-scm.com/docs/git-config#Documentation/git-config.txt-corefsmonitor
    *("-c", "core.fsmonitor=false"),
    "--literal-pathspecs",
)


def is_tracked(path: Path) -> bool:
    """Tell whether git tracks a file: then whoever may write to the branch put it there.

    False where there is no git, or no repository of it: nothing can be said then.
    """
    return _ask(path.parent, "ls-files", "--error-unmatch", "--", path.name) is not None


def files_of(folder: Path) -> list[str] | None:
    """List what git tracks in a folder, and what it would take in; None where git cannot say.

    By the repository's own .gitignore files: those of the user and the machine do not count.
    """
    words = ("--cached", "--others", "--exclude-per-directory=.gitignore", "-z", "--", ".")
    told = _say(folder, "ls-files", *words)
    return None if told is None else sorted({path for path in told.split("\0") if path})


def origin_of(checkout: Path) -> str:
    """Give the address that a checkout came from; empty where git knows none."""
    return _ask(checkout, "config", "--local", "--get", "remote.origin.url") or ""


def commit_of(checkout: Path) -> str:
    """Give the commit that is checked out, in hexadecimal; empty where git knows none."""
    return _ask(checkout, "rev-parse", "--verify", "--quiet", "HEAD") or ""


def _ask(folder: Path, *words: str) -> str | None:
    """Give git's answer in one line; None where it fails, or is not there."""
    told = _say(folder, *words)
    return None if told is None else told.strip()


def _say(folder: Path, *words: str) -> str | None:
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
    }
    git = shutil.which("git", path=environment["PATH"])
    if git is None:
        return None
    done = subprocess.run(  # noqa: S603 (no shell; names are behind `--`)
        [git, *_SETTINGS, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        check=False,
    )
    return None if done.returncode else done.stdout
