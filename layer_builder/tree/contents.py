"""What an installer left in a folder, file by file, against what the RECORDs say of it.

https://packaging.python.org/en/latest/specifications/binary-distribution-format/#the-dist-info-directory
"""

import base64
import hashlib
import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from pathlib import Path

from layer_builder import parallel
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import InstalledFile
from layer_builder.tree.console_scripts import with_runtime_shebang
from layer_builder.tree.distributions import Distribution, find_distributions
from layer_builder.tree.files import list_files
from layer_builder.tree.record import record_text

_ALGORITHMS = frozenset(
    {"sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512", "blake2b", "blake2s"}
)
"""SHA-256 or better; MD5, SHA-1 and SHA-224 are not permitted."""


_OF_INSTALLER = ".lock"
"""What uv leaves that belongs to no distribution."""


_SIGNATURES = (".jws", ".p7s")
"""Ends of the files of which a RECORD cannot tell, since they sign it."""


_CHUNK_BYTES = 1024 * 1024


_MOST_THREADS = 4


@dataclass(frozen=True, kw_only=True)
class Contents:
    """A distribution as it was installed."""

    name: str
    """Normalised."""
    version: str
    files: Mapping[str, str]
    """The digest of each file, as its RECORD gives it, by path; of one without, the file's own. Of a
    script, whose first line is the path of an interpreter here, it is that of the rest; nothing, where another distribution's stands in its place."""
    digest: str
    """Digest of all that, for whichever interpreter its scripts were made. Empty where another
    distribution's script stands in the place of one of its own: nobody could tell what that was."""


@dataclass(frozen=True, kw_only=True)
class Flaw:
    """A file that is not what a RECORD says."""

    path: str
    owner: str = ""
    """The distribution that has it, normalised; empty where no RECORD lists it."""
    wanted: tuple[str, ...] = ()
    """The digests that would do."""
    found: str = ""
    """Its digest; empty where there is no such file."""


@dataclass(frozen=True, kw_only=True)
class Installed:
    """All that lies in a folder."""

    distributions: Sequence[Contents] = ()
    flaws: Sequence[Flaw] = field(default=())


def read_installed(root: Path) -> Installed:
    """Read a folder as an installer left it, every byte of it.

    A digest tells more than a size: the sizes in RECORDs are not looked at. Where distributions have
    a path in common, the file may be any one's. Raises InstallError for metadata that a wheel got
    wrong.
    """
    listed = [file for file in list_files(root) if file.path != _OF_INSTALLER]
    paths = [file.path for file in listed]
    distributions = find_distributions(paths, lambda path: (root / path).read_bytes())
    claims = _claims(distributions, frozenset(paths))
    found = _digests(root, listed, claims)
    return Installed(
        distributions=[_contents(root, one, found) for one in distributions],
        flaws=_flaws(claims, found),
    )


def _claims(
    distributions: Iterable[Distribution], paths: frozenset[str]
) -> dict[str, dict[str, str]]:
    """Say of each path which distributions have it, with which digest."""
    claims: dict[str, dict[str, str]] = {}
    for one in distributions:
        for path, digest in one.hashes.items():
            claims.setdefault(path, {})[one.name] = digest
        for path in (one.record + end for end in _SIGNATURES):
            if path in paths:
                claims.setdefault(path, {}).setdefault(one.name, "")
        claims.setdefault(one.record, {})[one.name] = ""
    return claims


def _flaws(
    claims: Mapping[str, Mapping[str, str]], found: Mapping[str, Mapping[str, str]]
) -> list[Flaw]:
    flaws = [
        Flaw(path=path, found=found[path]["sha256"])
        for path in sorted(found.keys() - claims.keys())
    ]
    for path, wanted in sorted(claims.items()):
        digests = found.get(path, {})
        fits = any(not digest or digest in digests.values() for digest in wanted.values())
        if not digests or not fits:
            flaws.append(
                Flaw(
                    path=path,
                    owner=min(wanted),
                    wanted=tuple(sorted(set(wanted.values()))),
                    found=digests.get("sha256", ""),
                )
            )
    return flaws


def _contents(root: Path, one: Distribution, found: Mapping[str, Mapping[str, str]]) -> Contents:
    files = {path: digest or found.get(path, {}).get("sha256", "")
             for path, digest in one.hashes.items() if path != one.record}  # fmt: skip
    files |= {path: found[path]["sha256"]
              for path in (one.record + end for end in _SIGNATURES) if path in found}  # fmt: skip
    told: dict[str, str] = {}
    for path, digest in sorted(files.items()):
        if not _is_script(path):
            told[path] = digest
        elif digest in found.get(path, {}).values():
            # The interpreter's path is this machine's, and is to be rewritten.
            rest = with_runtime_shebang((root / path).read_bytes(), "")
            told[path] = f"sha256={_base64(hashlib.sha256(rest).digest())}"
        else:
            told[path] = ""
    text = record_text(told.items())
    is_known = "" not in told.values()
    digest = hashlib.sha256(text.encode()).hexdigest() if is_known else ""
    return Contents(name=one.name, version=one.version, files=told, digest=digest)


def _is_script(path: str) -> bool:
    folder, _, name = path.partition("/")
    return folder == "bin" and "/" not in name


def _digests(
    root: Path, files: Sequence[InstalledFile], claims: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, str]]:
    """Digest files by SHA-256 and whatever their RECORDs use, by path and algorithm."""

    def digest(some: Sequence[InstalledFile]) -> dict[str, dict[str, str]]:
        used = ((file.path, claims.get(file.path, {}).values()) for file in some)
        return {
            path: _digest(root / path, {"sha256", *(one.partition("=")[0] for one in wanted)})
            for path, wanted in used
        }

    threads = min(_MOST_THREADS, os.cpu_count() or 1)
    shares = [files[number::threads] for number in range(threads)]
    found: dict[str, dict[str, str]] = {}
    for share in parallel.each(digest, shares, threads):
        found |= share
    return found


def _digest(path: Path, algorithms: Iterable[str]) -> dict[str, str]:
    """Digest a file as RECORDs write it; what is no file of its own has no digest that would do."""
    hashes = {name: hashlib.new(name) for name in algorithms if name in _ALGORITHMS}
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        return {"sha256": f"none ({error.strerror})"}
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return {"sha256": "none (not a file)"}
        while chunk := os.read(descriptor, _CHUNK_BYTES):
            for one in hashes.values():
                one.update(chunk)
    finally:
        os.close(descriptor)
    return {name: f"{name}={_base64(one.digest())}" for name, one in hashes.items()}


def _base64(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
