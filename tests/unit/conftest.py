"""Pure code needs no world: here a process, a socket or a call to AWS is an error."""

import os
import socket
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

import botocore.client
import pytest
from hypothesis import settings

from layer_builder.errors import ManifestError, Place, Problem
from layer_builder.inputs import Inputs
from layer_builder.manifest.reader import Manifest, read_manifest
from layer_builder.model import limits
from layer_builder.model.build import Archive, BuildDetails, Built, Package
from layer_builder.model.layer import Layer
from layer_builder.model.limits import MIB, Budget
from layer_builder.model.proof import ImportCost, Proof
from layer_builder.model.prune_plan import Restoration, RuleTotal
from layer_builder.model.release import Action, Release
from layer_builder.model.resolution import HeldBack
from layer_builder.model.settings import ProofDepth
from layer_builder.model.stack import Stack, weigh_stack
from layer_builder.model.target import Architecture, Python, Target
from layer_builder.outcome import Outcome

# The same examples in every run, and no clock that fails a slow machine.
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
            read_manifest(text, "layers.yml")
        return ["\n".join(problem.lines()) for problem in raised.value.problems]

    return mistakes


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
        zip_bytes: int = 10 * MIB,
        unzipped_bytes: int = 25 * MIB,
        *,
        through_s3: bool = False,
        details: BuildDetails | None = None,
        **more: Any,  # noqa: ANN401 (passed on)
    ) -> Built:
        asked = layer(key, **more)
        asked = replace(asked, budget=replace(asked.budget, through_s3=through_s3))
        weight = limits.Weight(zip_bytes=zip_bytes, unzipped_bytes=unzipped_bytes)
        return Built(
            layer=asked,
            archive=Archive(
                path=Path("dist", f"{key}.zip"),
                sha256="0123456789abcdef" * 4,
                weight=weight,
                files=7,
            ),
            details=details or BuildDetails(),
            readings=limits.check_limits(weight, asked.budget.limits),
        )

    return make


@pytest.fixture
def outcome(built: Callable[..., Built], problem: Problem) -> Outcome:
    """Give what a run came to that built one rich layer and one plain one, and published them."""
    rich = BuildDetails(
        packages=(
            Package(name="six", version="1.16.0", bytes_installed=40_000, bytes_kept=30_000),
            Package(name="pandas", version="2.2.0", bytes_installed=60 * MIB, bytes_kept=24 * MIB),
        ),
        pruned=(RuleTotal(rule="tests", files=1234, bytes=36 * MIB),),
        restored=(
            Restoration(path="a/tests/x.py", size=2048, rule="tests", needed_by="a/core.py:7"),
        ),
        held_back=(HeldBack(name="numpy", version="2.2.6", newer="2.3.0"),),
        proof=Proof(
            depth=ProofDepth.IMPORTS,
            static=False,
            imported=("pandas", "six"),
            failed_before=("pandas.extra",),
            interpreter="3.12.11",
            isolated=("network", "processes"),
            seconds=1.5,
            cost=ImportCost(plain=4.0, cached=1.25),
        ),
        seconds={"install": 2.0},
    )
    core = built("core", details=rich, description="not shown")
    code = built("code", zip_bytes=300, unzipped_bytes=1000, budget=Budget(zip_bytes=1000))
    place = Place(file="layers.yml", line=9, column=3)
    stack = Stack(
        key="api",
        function_name="shop-api",
        layers=(core.layer, code.layer),
        reserve=20 * MIB,
        place=place,
    )
    made = {one.layer.id: one for one in (core, code)}

    def release(name: str, region: str, version: int, action: Action) -> Release:
        arn = f"arn:aws:lambda:{region}:123456789012:layer:{name}:{version}"
        return Release(region=region, arn=arn, version=version, action=action)

    return Outcome(
        inputs=Inputs(regions=("eu-west-1", "us-east-1")),
        manifest=Manifest(file="layers.yml", layers=(core.layer, code.layer), stacks=(stack,)),
        built=made,
        releases={
            core.layer.id: {
                "eu-west-1": release("core", "eu-west-1", 3, Action.PUBLISHED),
                "us-east-1": release("core", "us-east-1", 2, Action.UNCHANGED),
            },
            code.layer.id: {"eu-west-1": release("code", "eu-west-1", 8, Action.UNCHANGED)},
        },
        stacks=[weigh_stack(stack, made)],
        warnings=[problem],
    )


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
