"""The record of a build: what came in, what went, by distribution and by rule, and its lines."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from layer_builder.archive import BuildRecord, compressed_sizes
from layer_builder.builder.install import InstalledTree
from layer_builder.bytecode import Variant
from layer_builder.errors import Problem
from layer_builder.inventory import pruned_parts
from layer_builder.model import (
    BuildDetails,
    Layer,
    Package,
    PackedBytecode,
    Proof,
    Resolution,
    counted,
    mib,
)
from layer_builder.prove import ProofResult
from layer_builder.resolve import Resolved

_MOST_NAMED = 10


def make_record(
    resolved: Resolved,
    installed: InstalledTree,
    proof: ProofResult,
    variant: Variant,
    *,
    seconds: Mapping[str, float],
) -> BuildRecord:
    """Write down how a zip came to be.

    Args:
        resolved: what was asked for, and the chosen versions.
        installed: the tree that was packed.
        proof: what its proof came to.
        variant: the zip.
        seconds: wall time of the build by step.
    """
    layer, archive = resolved.request.layer, variant.archive
    warnings = (
        replace(warning, layer=layer.key, place=layer.place)
        for warning in (*held_back(layer, resolved.own), *installed.warnings, *proof.warnings)
    )
    sizes = compressed_sizes(archive.path)
    return BuildRecord(
        stem=layer.stem,
        request=resolved.request.key,
        content=resolved.content_key,
        sha256=archive.sha256,
        weight=archive.weight,
        files=archive.files,
        details=BuildDetails(
            packages=with_zipped(installed.packages, installed.installation.owners, sizes),
            pruned=proof.plan.totals,
            pruned_parts=pruned_parts(proof.plan, installed.installation.owners),
            restored=proof.plan.restored,
            services=proof.plan.services,
            held_back=resolved.own.held_back,
            proof=proof.proof,
            bytecode=PackedBytecode(mode=variant.mode, files=variant.files, bytes=variant.bytes),
            warnings=tuple(warnings),
            included_bytes=installed.included_bytes,
            extras=resolved.request.requirements.extras,
            seconds=dict(seconds),
        ),
    )


def record_lines(layer: Layer, record: BuildRecord) -> list[str]:
    """Tell in a line each what was installed, what was proven and what was zipped."""
    details, seconds = record.details, record.details.seconds
    lines = []
    if details.packages:
        installed = sum(package.bytes_installed for package in details.packages)
        kept = sum(package.bytes_kept for package in details.packages)
        spent = sum(seconds.get(step, 0.0) for step in ("install", "prune", "check"))
        back = f", {counted(len(details.restored), 'file')} put back" if details.restored else ""
        lines.append(
            f"installed and pruned ({layer.prune}): {mib(installed)} → {mib(kept)}{back}"
            f" ({spent:.1f} s)"
        )
    if details.services:
        lines.append(details.services.line)
    if details.packages and details.proof and details.proof.interpreter:
        lines += _proof_lines(details.proof)
    compiled = details.bytecode.files
    with_bytecode = f", bytecode of {counted(compiled, 'module')}" if compiled else ""
    lines.append(
        f"zipped {counted(record.files, 'file')}, {mib(record.weight.unzipped_bytes)} →"
        f" {mib(record.weight.zip_bytes)}{with_bytecode} ({seconds['archive']:.1f} s)"
    )
    return lines


def _proof_lines(proof: Proof) -> list[str]:
    python = f"Python {proof.interpreter} ({proof.seconds:.1f} s)"
    count = len(proof.failed_before)
    named = f"pruned or not: {proof.failing_text(_MOST_NAMED)}"
    if not proof.imported:
        return [f"proved nothing with {python}: none of {count} modules imports, {named}"]
    failing = (
        f"{count} modules do not import, {named}" if count > 1 else f"does not import, {named}"
    )
    return [
        f"proved {counted(len(proof.imported), 'import')} with {python}",
        *([failing] if proof.failed_before else []),
    ]


def is_proven_enough(record: BuildRecord, layer: Layer, *, required: bool) -> bool:
    """Tell whether an earlier build was isolated in its proof, where that is required."""
    proof = record.details.proof
    return proof is None or proof.is_isolated or layer.unisolated or not required


def adopt_record(record: BuildRecord, resolved: Resolved) -> BuildRecord:
    """Give the record of an earlier build as it is for a layer that takes its zip."""
    layer, needs, services = resolved.request.layer, resolved.needs, record.details.services
    warnings = tuple(
        replace(warning, layer=layer.key, place=layer.place) for warning in record.details.warnings
    )
    return replace(
        record,
        stem=layer.stem,
        request=resolved.request.key,
        details=replace(
            record.details,
            warnings=warnings,
            services=services.seen_now(needs.uses, needs.reasons) if services else None,
            extras=resolved.request.requirements.extras,
        ),
    )


def held_back(layer: Layer, resolution: Resolution) -> Sequence[Problem]:
    """Warn of the distributions that the runtime's glibc holds at an older version."""
    if not resolution.held_back:
        return ()
    glibc = ".".join(map(str, layer.target.glibc))
    return (
        Problem(
            message=f"glibc {glibc} of {layer.target.runtime} holds back"
            f" {counted(len(resolution.held_back), 'distribution')}",
            details=tuple(
                f"{held.name} {held.version}; python3.12 and later take {held.newer}"
                for held in resolution.held_back
            ),
        ),
    )


def with_zipped(
    packages: Sequence[Package], owners: Mapping[str, str], sizes: Mapping[str, int]
) -> tuple[Package, ...]:
    """Add to each distribution what it takes in the zip; `sizes` is by path in the zip."""
    zipped: Counter[str] = Counter()
    for path, owner in owners.items():
        zipped[owner] += sizes.get(f"python/{path}", 0)
    return tuple(replace(package, bytes_zipped=zipped[package.name]) for package in packages)
