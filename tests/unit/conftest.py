"""Pure code needs no world: here a process, a socket or a call to AWS is an error."""

import os
import socket
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

import botocore.client
import pytest
from hypothesis import settings

from layer_builder import limits
from layer_builder.errors import ManifestError, Place, Problem
from layer_builder.layer import Account, Archive, Built, Layer
from layer_builder.manifest import read
from layer_builder.pruning import Entry, PrunePlan, PruneRules
from layer_builder.target import Architecture, Python, Target

settings.register_profile("unit", deadline=None, derandomize=True, database=None)
settings.load_profile("unit")

DOORS = [
    (subprocess.Popen, "__init__"),
    *((os, name) for name in ("execv", "execve", "fork", "forkpty", "posix_spawn", "system")),
    *((socket.socket, name) for name in ("bind", "connect", "connect_ex", "sendto")),
    *((socket, name) for name in ("getaddrinfo", "gethostbyname")),
    (botocore.client.BaseClient, "_make_api_call"),
]
"""The ways out of this process."""

Plan: TypeAlias = Callable[..., PrunePlan]
Said: TypeAlias = Callable[[str], list[str]]


@pytest.fixture(autouse=True)
def _no_world(monkeypatch: pytest.MonkeyPatch) -> None:
    for owner, name in DOORS:

        def refuse(*_: object, door: str = name, **__: object) -> NoReturn:
            message = f"a unit test reached for the world through {door}"
            raise AssertionError(message)

        monkeypatch.setattr(owner, name, refuse)


@pytest.fixture(scope="session")
def said() -> Said:
    """List what is wrong with a manifest, each problem in one text."""

    def mistakes(text: str) -> list[str]:
        with pytest.raises(ManifestError) as raised:
            read(text, "layers.yml")
        return ["\n".join(problem.lines()) for problem in raised.value.problems]

    return mistakes


@pytest.fixture(scope="session")
def plan() -> Plan:
    """Plan the pruning of files, given by path and source; `owners` by path."""

    def prune(
        files: Mapping[str, str],
        owners: Mapping[str, str] | None = None,
        **rules: Any,  # noqa: ANN401 (passed on)
    ) -> PrunePlan:
        contents = {path: source.encode() for path, source in files.items()}
        entries = [Entry(path=path, size=len(source)) for path, source in contents.items()]
        return PruneRules(**rules)(entries, owners or {}, contents.__getitem__)

    return prune


@pytest.fixture(scope="session")
def layer() -> Callable[..., Layer]:
    """Make a layer for Python 3.12 on x86_64."""
    plain = Layer(
        key="core",
        name="core",
        target=Target(python=Python.PY312, architecture=Architecture.X86_64),
        place=Place(file="layers.yml", line=4, column=3),
    )
    return lambda key="core", **more: replace(plain, key=key, name=key, **more)


@pytest.fixture(scope="session")
def built(layer: Callable[..., Layer]) -> Callable[..., Built]:
    """Make a built layer of so many bytes, held against its limits."""

    def make(
        key: str = "core",
        zip_bytes: int = 10 * limits.MIB,
        unzipped_bytes: int = 25 * limits.MIB,
        *,
        through_s3: bool = False,
        account: Account | None = None,
        **more: Any,  # noqa: ANN401 (passed on)
    ) -> Built:
        asked = layer(key, **more)
        weight = limits.Weight(zip_bytes=zip_bytes, unzipped_bytes=unzipped_bytes)
        return Built(
            layer=asked,
            archive=Archive(
                path=Path("dist", f"{key}.zip"),
                sha256="0123456789abcdef" * 4,
                weight=weight,
                files=7,
            ),
            account=account or Account(),
            readings=limits.weigh(weight, limits.limits_for(asked.budget, through_s3=through_s3)),
        )

    return make


@pytest.fixture(scope="session")
def problem() -> Problem:
    """Give a problem with all its parts."""
    return Problem(
        message="1 + 1 is 3",
        layer="core",
        place=Place(file="layers.yml", line=4, column=3),
        details=("first\nsecond",),
        advice=("count again",),
    )
