"""The key that entries of the build cache are signed with: its user's alone, on this machine."""

import errno
import hmac
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

from layer_builder.lazy_dataclasses import dataclass

CACHE_DIR_VARIABLE = "LAYER_BUILDER_CACHE_DIR"
"""Where it lies, if not in the user's folder for caches."""


JOB_CACHE_VARIABLE = "LAYER_BUILDER_CACHE_TRUST"
"""Set by the action where it restored the folder, or is to keep it: `all`, or what is distrust."""


NO_CACHE_VARIABLE = "LAYER_BUILDER_NO_CACHE"
"""With any value, nothing is taken and nothing kept; with `builds`, no builds."""


_KEY_BYTES = 32
"""As many as the digest has: https://www.rfc-editor.org/rfc/rfc2104#section-3"""
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH
_OTHERS_MAY_ANYTHING = stat.S_IRWXG | stat.S_IRWXO


class UnfitError(OSError):
    """A folder or a key that others could have written."""


def find_cache_folder(environ: Mapping[str, str]) -> Path | None:
    """Choose where things are kept for later runs; None without a home to keep them in.

    https://specifications.freedesktop.org/basedir-spec/latest/
    """
    if named := environ.get(CACHE_DIR_VARIABLE):
        return Path(named).absolute()
    home, caches = environ.get("HOME"), environ.get("XDG_CACHE_HOME")
    base = Path(caches) if caches else Path(home, ".cache") if home else None
    return base / "lambda-layer-builder" if base and base.is_absolute() else None


def refuse_folder(folder: Path) -> None:
    """Raise UnfitError for a folder that is not this user's alone to write to; OSError if absent."""
    status = folder.stat()
    if not stat.S_ISDIR(status.st_mode):
        raise UnfitError(f"{folder} is not a folder")
    if status.st_uid != os.geteuid():
        raise UnfitError(f"{folder} belongs to another user (id {status.st_uid})")
    if status.st_mode & _OTHERS_MAY_WRITE:
        mode = stat.S_IMODE(status.st_mode)
        raise UnfitError(f"{folder} can be written by others (mode {mode:04o}): chmod 700 {folder}")


@dataclass(frozen=True, kw_only=True)
class CacheKey:
    """A file of random bytes, made when it is first needed."""

    path: Path

    @classmethod
    def around(cls, environ: Mapping[str, str], folder: Path) -> "CacheKey | None":
        """Choose where the key lies, for a cache in this folder; None without a home.

        In the home folder: what is in the cache was then kept by this user on this machine, whoever
        else can write there. A runner of GitHub's is new for every job, and has no home that stays:
        there the key lies in the cache and travels with it, and who may write to what actions/cache
        restores decides. So it is wherever the action itself keeps the cache between jobs.
        https://docs.github.com/en/actions/reference/workflows-and-actions/dependency-caching#restrictions-for-accessing-a-cache
        """
        # https://docs.github.com/en/actions/reference/workflows-and-actions/variables
        where = (environ.get("GITHUB_ACTIONS"), environ.get("RUNNER_ENVIRONMENT"))
        if where == ("true", "github-hosted") or environ.get(JOB_CACHE_VARIABLE):
            return cls(path=folder / "cache.key")
        home = environ.get("HOME", "")
        if not Path(home).is_absolute():
            return None
        return cls(path=Path(home, ".config", "lambda-layer-builder", "cache.key"))

    def read(self) -> bytes:
        """Read the key. Raises UnfitError for one that others may read, OSError for none."""
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise UnfitError(f"{self.path} is a link") from None
            raise
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if status.st_uid != os.geteuid() or status.st_mode & _OTHERS_MAY_ANYTHING:
                raise UnfitError(f"{self.path} is not this user's alone: remove it, and the cache")
            key = file.read(_KEY_BYTES + 1)
        if len(key) != _KEY_BYTES:
            raise UnfitError(f"{self.path} is not a key: remove it")
        return key

    def sign(self, text: bytes) -> bytes:
        """Give the tag of a text, HMAC-SHA256 in hexadecimal; makes the key. Raises OSError."""
        if not self.path.exists():
            self._make()
        return _tag(self.read(), text)

    def has_signed(self, text: bytes, tag: bytes) -> bool:
        """Tell whether a tag was made with this key; False where there is none."""
        try:
            return hmac.compare_digest(_tag(self.read(), text), tag)
        except OSError:
            return False

    def _make(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = self.path.with_name(f".{self.path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(_KEY_BYTES))
            # Unlike a rename, this fails where another run was faster: link(2).
            os.link(partial, self.path)
        except FileExistsError:
            pass
        finally:
            partial.unlink()


def _tag(key: bytes, text: bytes) -> bytes:
    return hmac.new(key, text, "sha256").hexdigest().encode()
