"""A run as large as Lambda takes: 250 MiB of two layers with all that a page tells; made up, always the same."""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from layer_builder.changes import LayerChanges, LayerSnapshot, compare
from layer_builder.errors import Place, Problem
from layer_builder.inputs import Command, Inputs
from layer_builder.manifest import Manifest
from layer_builder.model import (
    MIB,
    Action,
    Architecture,
    Archive,
    BuildDetails,
    Built,
    DistributionUse,
    EventResult,
    EventVerdict,
    FunctionProof,
    InitCost,
    Layer,
    LayerFile,
    ModuleImport,
    Package,
    Proof,
    ProofDepth,
    PrunedPart,
    Python,
    Release,
    Restoration,
    RuleTotal,
    Stack,
    Target,
    VersionSummary,
    Weight,
    check_limits,
    weigh_stack,
)
from layer_builder.outcome import Outcome

_FOLDERS = ("core", "io", "linalg", "_vendor", "testing", "utils", "api", "models")
_RULES = ("tests", "docs", "stubs", "strip", "installers")
_REGION = "eu-west-1"
_TARGET = Target(python=Python.PY312, architecture=Architecture.X86_64)


def large_outcome(files: int = 24_000, unzipped: int = 249 * MIB) -> Outcome:
    """Make the outcome of a publish."""
    dice = random.Random(7)
    outcome = Outcome(inputs=Inputs(command=Command.PUBLISH, regions=(_REGION,)))
    for key, share in (("core-deps", 0.8), ("extra-deps", 0.2)):
        _add_layer(outcome, key, list(_files(dice, key, int(files * share), int(unzipped * share))))
    layers = tuple(built.layer for built in outcome.built.values())
    stack = Stack(
        key="api", function_name="shop-api", layers=layers, reserve=500_000, place=_place(30)
    )
    outcome.manifest = Manifest(file="layers.yml", layers=layers, stacks=(stack,))
    outcome.stacks = [weigh_stack(stack, outcome.built)]
    outcome.function_proofs = [_proof(dice, outcome)]
    outcome.warnings = [
        Problem(message="takes 94 % of its limit", layer="core-deps", place=_place(4))
    ]
    return outcome


def _place(line: int) -> Place:
    return Place(file="layers.yml", line=line, column=3)


def _files(dice: random.Random, key: str, count: int, unzipped: int) -> Iterator[LayerFile]:
    names = [f"{key.split('-', maxsplit=1)[0]}-package-{number}" for number in range(40)]
    names[0] = "shared-package"
    weights = [1 / (1 + number) ** 1.1 for number in range(40)]
    sizes = [dice.paretovariate(0.9) for _ in range(count)]
    largest = sum(sizes) * 0.05
    sizes = [min(size, largest) for size in sizes]
    scale = unzipped / sum(sizes)
    for number, size in enumerate(sizes):
        name = dice.choices(names, weights)[0]
        module = name.replace("-", "_")
        folder = "/".join(dice.choices(_FOLDERS, k=dice.randint(0, 4)))
        ending = ".so" if size > 200 else dice.choice((".py", ".py", ".json", ".cpython-312.pyc"))
        yield LayerFile(
            path=f"python/{module}/{folder}{'/' if folder else ''}module_{number}{ending}",
            size=max(1, int(size * scale)),
            checksum=number % 5000,
            distribution=name,
        )


def _add_layer(outcome: Outcome, key: str, files: list[LayerFile]) -> None:
    layer = Layer(key=key, name=f"shop-{key}", target=_TARGET, place=_place(4))
    unzipped = sum(file.size for file in files)
    weight = Weight(zip_bytes=unzipped // 6, unzipped_bytes=unzipped)
    parts = tuple(
        PrunedPart(
            distribution=file.distribution,
            folder=f"{file.distribution.replace('-', '_')}/tests/{number}",
            rule=_RULES[number % 5],
            files=9,
            bytes=file.size // 2 + 1,
        )
        for number, file in enumerate(files[::25])
    )
    details = BuildDetails(
        packages=_packages(files, parts),
        pruned=tuple(_total(rule, parts) for rule in _RULES),
        pruned_parts=parts,
        restored=tuple(
            Restoration(
                path=f"a/tests/helper_{number}.py",
                size=2048 + number,
                rule="tests",
                needed_by=f"a/core_{number}.py:7",
            )
            for number in range(40)
        ),
        proof=Proof(
            depth=ProofDepth.IMPORTS,
            static=False,
            imported=tuple(f"module_{number}" for number in range(300)),
            failed_before=("package.windows",),
            interpreter="3.12.11",
            isolated=("files", "network", "processes"),
        ),
    )
    outcome.built[layer.id] = Built(
        layer=layer,
        archive=Archive(
            path=Path("dist", f"{layer.name}.zip"),
            sha256="0123456789abcdef" * 4,
            weight=weight,
            files=len(files),
        ),
        details=details,
        readings=check_limits(weight, replace(layer.budget, through_s3=True).limits),
    )
    outcome.files[layer.id] = tuple(files)
    arn = f"arn:aws:lambda:{_REGION}:123456789012:layer:{layer.name}:"
    outcome.versions[layer.name] = tuple(
        VersionSummary(
            arn=f"{arn}{number}",
            number=number,
            created=f"2026-01-{number:02}T10:00:00.000+0000",
            runtimes=("python3.12",),
            architectures=("x86_64",),
        )
        for number in range(12, 0, -1)
    )
    outcome.releases[layer.id] = {
        _REGION: Release(region=_REGION, arn=f"{arn}13", version=13, action=Action.PUBLISHED)
    }
    outcome.compared[layer.id] = _changes(outcome.built[layer.id], f"{arn}12")


def _packages(files: list[LayerFile], parts: tuple[PrunedPart, ...]) -> tuple[Package, ...]:
    kept: dict[str, int] = {}
    for file in files:
        kept[file.distribution] = kept.get(file.distribution, 0) + file.size
    gone: dict[str, int] = {}
    for part in parts:
        gone[part.distribution] = gone.get(part.distribution, 0) + part.bytes
    return tuple(
        Package(
            name=name,
            version=f"{number}.2.1",
            bytes_installed=size + gone.get(name, 0),
            bytes_kept=size,
            bytes_zipped=size // 6,
        )
        for number, (name, size) in enumerate(sorted(kept.items()))
    )


def _total(rule: str, parts: tuple[PrunedPart, ...]) -> RuleTotal:
    mine = [part for part in parts if part.rule == rule]
    return RuleTotal(
        rule=rule, files=sum(part.files for part in mine), bytes=sum(part.bytes for part in mine)
    )


def _changes(built: Built, arn: str) -> LayerChanges:
    now = LayerSnapshot(
        zip_bytes=built.archive.weight.zip_bytes,
        unzipped_bytes=built.archive.weight.unzipped_bytes,
        sha256="1" * 64,
    ).with_packages(built.details.packages)
    parts = tuple(
        replace(part, version="0.9", unzipped=(part.unzipped or 0) * 9 // 10)
        for part in (now.parts or ())[3:9]
    )
    before = replace(
        now,
        source=arn,
        parts=(*parts, *(now.parts or ())[9:]),
        zip_bytes=(now.zip_bytes or 0) * 9 // 10,
        unzipped_bytes=(now.unzipped_bytes or 0) * 9 // 10,
        sha256="0" * 64,
    )
    return compare(before, now, built.layer.budget)


def _proof(dice: random.Random, outcome: Outcome) -> FunctionProof:
    def module(name: str, seconds: float, depth: int) -> ModuleImport:
        inner = [seconds * 0.4, seconds * 0.3, seconds * 0.1] if depth else []
        return ModuleImport(
            name=name,
            own=seconds * (0.2 if depth else 1),
            cumulative=seconds,
            imports=tuple(
                module(f"{name}.{dice.choice(_FOLDERS)}_{number}", one, depth - 1)
                for number, one in enumerate(inner)
                if one > 0.001
            ),
        )

    uses = tuple(
        DistributionUse(
            name=package.name,
            layer=built.layer.key,
            bytes_kept=package.bytes_kept,
            bytes_loaded=package.bytes_kept // 3,
        )
        for built in outcome.built.values()
        for package in built.details.packages
    )
    return FunctionProof(
        function="api",
        handler="api.handler",
        events=(
            EventResult(name="events/order.json", verdict=EventVerdict.ANSWERED, seconds=0.012),
        ),
        interpreter="3.12.11",
        isolated=("files", "network", "processes"),
        in_place=True,
        cost=InitCost(
            source=2.4,
            bytecode=0.9,
            processes=5,
            memory_bytes=180 * MIB,
            modules=1421,
            imports=(module("api", 0.9, 6), module("logging", 0.02, 2)),
        ),
        unused=uses,
    )
