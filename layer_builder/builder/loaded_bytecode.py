"""`bytecode: auto` where functions were tried: bytecode of the modules that they loaded."""

import zipfile
from collections.abc import Collection
from dataclasses import replace

from layer_builder.archive import BuildRecord, OutputDir
from layer_builder.builder.builder import BuildResult
from layer_builder.bytecode import bytecode_path
from layer_builder.model import PackedBytecode, PackedModules, Target, mib


def pack_loaded(
    result: BuildResult, loaded: Collection[str], target: Target, output_dir: OutputDir
) -> BuildResult:
    """Take from the largest zip of a build the bytecode of all that was not loaded.

    `loaded` are paths below /opt, which foreign code had a hand in: they choose among bytecode that
    was compiled without it.
    """
    largest, plain = result.choices[0], result.choices[-1]
    wanted = {
        f"python/{bytecode_path(path.removeprefix('python/'), target)}"
        for path in loaded
        if path.startswith("python/") and path.endswith(".py")
    }
    with zipfile.ZipFile(plain.archive.path) as file:
        beside = set(file.namelist())
    with zipfile.ZipFile(largest.archive.path) as file:
        sizes = {o.filename: o.file_size for o in file.infolist() if o.filename not in beside}
    packed = sizes.keys() & wanted
    stem = result.record.stem
    archive = output_dir.thin_out(
        largest.archive,
        f".{stem}.{PackedModules.LOADED}",
        leaving_out=sizes.keys() - packed,
    )
    details = replace(
        largest.record.details,
        bytecode=PackedBytecode(
            mode=PackedModules.LOADED,
            files=len(packed),
            bytes=sum(sizes[path] for path in packed),
        ),
    )
    record = replace(
        largest.record,
        sha256=archive.sha256,
        weight=archive.weight,
        files=archive.files,
        details=details,
    )
    return BuildResult(archive=archive, record=record)


def loaded_line(record: BuildRecord) -> str:
    """Say what came of it."""
    packed = record.details.bytecode
    return (
        f"bytecode of the {packed.files:,} modules that its functions load ({mib(packed.bytes)}):"
        f" {mib(record.weight.unzipped_bytes)} → {mib(record.weight.zip_bytes)}"
    )
