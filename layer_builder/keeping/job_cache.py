"""The folder that the action restores before a run and keeps after it: whether to trust it, what is new."""

import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from layer_builder.keeping.cache_key import JOB_CACHE_VARIABLE, find_cache_folder
from layer_builder.lazy_dataclasses import dataclass

_ALL = "all"
_ROOM_BYTES = 1024 * 1024 * 1024
"""A repository has 10 GB for all its caches, and those used longest ago go first:
https://docs.github.com/en/actions/reference/workflows-and-actions/dependency-caching#usage-limits-and-eviction-policy
"""


@dataclass(frozen=True, kw_only=True)
class JobCache:
    """What the action says of the cache folder."""

    folder: Path | None = None
    """None where the action keeps none between jobs."""
    may_trust: bool = True
    """Whether an entry may be taken for what it says it is, when its tag is right.

    False where a stranger may have written folder and key: of a pull request from a fork, or of
    anything that is not known to be of this repository. What can be checked by itself is taken then.
    """
    run: str = ""
    """What tells this run from others, in a key."""

    @classmethod
    def around(cls, environ: Mapping[str, str]) -> "JobCache":
        """Read what the action hands on. Any word but `all` is distrust."""
        said = environ.get(JOB_CACHE_VARIABLE, "")
        folder = find_cache_folder(environ) if said else None
        # https://docs.github.com/en/actions/reference/workflows-and-actions/variables
        names = ("GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT")
        return cls(
            folder=folder,
            may_trust=said in {"", _ALL},
            run="-".join(number for name in names if (number := environ.get(name, "")).isdigit()),
        )

    @property
    def most_bytes(self) -> int | None:
        """How much of the builds is kept, in bytes; None where nobody bounds it but the cache itself."""
        return _ROOM_BYTES if self.folder else None

    def entries(self) -> dict[str, int]:
        """List what is kept, with inodes: what is replaced gets a new one."""
        found = {}
        for parent, _, names in os.walk(self.folder) if self.folder else ():
            for name in names:
                path = Path(parent, name)
                with suppress(OSError):  # another process makes room
                    found[str(path.relative_to(self.folder or parent))] = path.stat().st_ino
        return found

    def new_key(self, before: Mapping[str, int], *, is_isolated: bool | None) -> str:
        """Give the end of a key for what lies there now; nothing where nothing was made since `before`.

        Nor where code of others ran and was not isolated: it could have written there, the signing
        key's file among others. None says that none ran.

        Entries are named after their content. The run stands in it, too, since GitHub replaces no
        cache: an entry that was damaged and is made anew would never get there.
        """
        after = self.entries()
        if is_isolated is False or not after.items() - before.items():
            return ""
        digest = hashlib.sha256("\n".join(sorted(after)).encode()).hexdigest()[:16]
        return f"{digest}-{self.run}" if self.run else digest
