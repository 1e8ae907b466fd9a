"""What other settings would take off a layer: its own files, pruned, stripped and packed for trial."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from layer_builder.advice.compressed import try_best_compression
from layer_builder.advice.layer_files import LayerFiles
from layer_builder.archive import ZipMember, compressed_sizes, write_zip
from layer_builder.model import (
    Advice,
    Built,
    Bytecode,
    InstalledFile,
    PruneProfile,
    Sdk,
    SdkPolicy,
    Weight,
)
from layer_builder.native import stripped_copy
from layer_builder.prune import plan_pruning
from layer_builder.sdk_services import ServiceNeeds

_ELF = b"\x7fELF"

_SECONDS = 0.5
"""Below that bytecode is not worth a line."""

_HARDER = {
    PruneProfile.OFF: (PruneProfile.SAFE, PruneProfile.AGGRESSIVE),
    PruneProfile.SAFE: (PruneProfile.AGGRESSIVE,),
    PruneProfile.AGGRESSIVE: (),
}


def try_settings(files: LayerFiles, needs: ServiceNeeds | None, folder: Path) -> list[Advice]:
    """Try each setting that would make a layer smaller; gives those that do.

    Args:
        files: what is in it.
        needs: what code beside it asks of the AWS SDK; None where that was not read.
        folder: an empty folder for what is made meanwhile.
    """
    return [
        *_pruned(files),
        *_stripped(files, folder / "stripped"),
        *(_services(files, needs) if needs else ()),
        *try_best_compression(files, folder / "best"),
    ]


def _pruned(files: LayerFiles) -> Iterator[Advice]:
    """Apply harder profiles to what is there; what the proof was seen to need stays."""
    for profile in _HARDER[files.layer.prune]:
        layer = replace(files.layer, prune=profile, sdk=Sdk())
        plan = plan_pruning(layer, files.asked_for, files.installation, files.read)
        gone = plan.removed_paths - files.needed
        if gone:
            rules = sorted({one.rule for one in plan.removals if one.entry.path in gone})
            yield Advice(
                line=f"prune: {profile}",
                text=f"leaves out {len(gone):,} more files ({', '.join(rules)})",
                gain=files.weigh(gone),
            )


def _stripped(files: LayerFiles, folder: Path) -> Iterator[Advice]:
    """Strip copies of the native libraries, and pack them as the layer packs."""
    if files.layer.strip:
        return
    members, saved = [], 0
    for file in files.files:
        stripped = _stripped_copy(files, file)
        if stripped is not None:
            copy = folder / file.path
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(stripped)
            members.append(ZipMember(path=f"python/{file.path}", source=copy))
            saved += file.size - len(stripped)
    if not members:
        return
    now = files.weigh(member.path.removeprefix("python/") for member in members)
    packed = _packed(members, files, folder) if files.packed else 0
    yield Advice(
        line="strip: true",
        text=f"takes symbols and debugging sections off {len(members)} native libraries; what the"
        " loader reads stays",
        gain=Weight(zip_bytes=max(0, now.zip_bytes - packed), unzipped_bytes=saved),
    )


def _stripped_copy(files: LayerFiles, file: InstalledFile) -> bytes | None:
    path = files.root / file.path
    with path.open("rb") as opened:
        if opened.read(len(_ELF)) != _ELF:
            return None
    return stripped_copy(path.read_bytes())


def _packed(members: Sequence[ZipMember], files: LayerFiles, folder: Path) -> int:
    packed = folder / "packed.zip"
    write_zip(members, packed, files.layer.compression)
    return sum(compressed_sizes(packed).values())


def _services(files: LayerFiles, needs: ServiceNeeds) -> Iterator[Advice]:
    """See whose data code asks for, as a build with `sdk: auto` would."""
    if files.layer.sdk.policy is not SdkPolicy.BUNDLE:
        return
    layer = replace(files.layer, sdk=Sdk(policy=SdkPolicy.AUTO))
    plan = plan_pruning(layer, files.asked_for, files.installation, files.read, needs)
    gone = [one.entry.path for one in plan.removals if one.rule == "sdk"]
    if plan.services and not plan.services.reasons and gone:
        kept, known = len(plan.services.uses), plan.services.known
        yield Advice(
            line="sdk: auto",
            text=f"keeps the data of {kept} of {known} AWS services, those that code asks for",
            gain=files.weigh(gone),
        )


def bytecode_advice(built: Built) -> Iterator[Advice]:
    """Tell what packed bytecode takes, or what imports take for want of it."""
    packed, proof = built.details.bytecode, built.details.proof
    cost = proof.cost if proof else None
    if packed.files:
        paths = compressed_sizes(built.archive.path)
        zipped = sum(size for path, size in paths.items() if path.endswith(".pyc"))
        slower = (
            f"; imports of the proof take {cost.plain - cost.cached:.1f} s more" if cost else ""
        )
        yield Advice(
            line="bytecode: none",
            text=f"leaves out the bytecode of {packed.files:,} modules{slower}",
            gain=Weight(zip_bytes=zipped, unzipped_bytes=packed.bytes),
        )
    elif cost and cost.plain - cost.cached >= _SECONDS and built.layer.bytecode is Bytecode.NONE:
        yield Advice(
            line="bytecode: auto",
            text=f"imports of the proof take {cost.cached:.1f} s with bytecode and {cost.plain:.1f} s"
            " without; it makes the layer larger",
        )
