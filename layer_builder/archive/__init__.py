"""Zips: written, read, kept."""

from layer_builder.archive.build_cache import BuildCache
from layer_builder.archive.compression import smaller_gzip
from layer_builder.archive.output_dir import BuildRecord, OutputDir
from layer_builder.archive.ranges import UnreadableZipError
from layer_builder.archive.reader import (
    compressed_sizes,
    extract_zip,
    sha256_of,
    zip_checksums,
)
from layer_builder.archive.remote import RemoteZips
from layer_builder.archive.writer import ZipMember, write_zip

__all__ = [
    "BuildCache",
    "BuildRecord",
    "OutputDir",
    "RemoteZips",
    "UnreadableZipError",
    "ZipMember",
    "compressed_sizes",
    "extract_zip",
    "sha256_of",
    "smaller_gzip",
    "write_zip",
    "zip_checksums",
]
