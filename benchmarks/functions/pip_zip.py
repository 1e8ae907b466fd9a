"""Weighs zips: what `pip install` and `zip -r` make of the same distributions, and bytecode in ours."""

import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path

import uv

_PLATFORM = {"x86_64": "x86_64-manylinux_2_34", "arm64": "aarch64-manylinux_2_34"}
"""Of Python 3.12 on Lambda: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html"""

_HEADERS = 30 + 46
"""Of an entry, local and in the directory, without its name:
https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT"""


def pip_zips(
    packages: Mapping[str, str], python: str, architecture: str, folder: Path
) -> tuple[int, int]:
    """Weigh the zip without bytecode, and with what pip compiles unless it is told not to.

    Wheels are unpacked by uv, which leaves the same files as pip.
    """
    sizes = []
    for compiled in (False, True):
        target = folder / ("compiled" if compiled else "plain")
        subprocess.run(
            [
                *(uv.find_uv_bin(), "pip", "install", "--quiet", "--no-config", "--no-deps"),
                *("--only-binary", ":all:", "--python-version", python),
                *("--python-platform", _PLATFORM[architecture], "--target", str(target / "python")),
                *(["--compile-bytecode"] if compiled else []),
                *(f"{name}=={version}" for name, version in packages.items()),
            ],
            check=True,
        )
        sizes.append(_zip(target))
    return sizes[0], sizes[1]


def bytecode_in(archive: Path) -> int:
    """Tell how many bytes of a zip are there for bytecode: its entries, in both of its places."""
    with zipfile.ZipFile(archive) as file:
        return sum(
            entry.compress_size + 2 * len(entry.filename) + _HEADERS
            for entry in file.infolist()
            if entry.filename.endswith(".pyc")
        )


def _zip(folder: Path) -> int:
    archive = folder.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as file:
        for path in sorted(folder.rglob("*")):
            file.write(path, path.relative_to(folder))
    return archive.stat().st_size
