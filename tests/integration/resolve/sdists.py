"""Made-up sdists whose backends are in them."""

import io
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..local_index import wheel

HANDS_OUT = """\
import pathlib, shutil

def build_wheel(folder, settings=None, metadata=None):
    wheel = next(pathlib.Path("wheel").iterdir())
    shutil.copy(wheel, folder)
    return wheel.name
"""
"""A backend that gives out the wheel that is inside its sdist."""


def add_sdist(  # noqa: PLR0913 (what an sdist has)
    folder: Path,
    name: str,
    files: Mapping[str, str | bytes],
    *,
    version: str = "1.0",
    backend: str = HANDS_OUT,
    requires: Sequence[str] = (),
    tag: str = "py3-none-any",
) -> Path:
    """Put an sdist into a folder; `files` are those of the wheel that it has inside."""
    file, content = wheel(name, version, files, tag=tag)
    listed = ", ".join(f'"{requirement}"' for requirement in requires)
    project = (
        f'[build-system]\nrequires = [{listed}]\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    members = {
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        "pyproject.toml": project.encode(),
        "backend.py": backend.encode(),
        f"wheel/{file}": content,
    }
    path = folder / f"{name}-{version}.tar.gz"
    with tarfile.open(path, "w:gz") as sdist:
        for member, data in members.items():
            info = tarfile.TarInfo(f"{name}-{version}/{member}")
            info.size = len(data)
            sdist.addfile(info, io.BytesIO(data))
    return path
