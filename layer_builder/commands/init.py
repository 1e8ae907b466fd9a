"""`init`: writes a manifest to start from."""

import os
from collections.abc import Mapping
from pathlib import Path

from layer_builder.console import Console
from layer_builder.errors import ManifestError, Problem
from layer_builder.exit_codes import ExitCode
from layer_builder.sources import Workspace

STARTER = """\
# Lambda layers: one entry each. Try it without an AWS account: layer-builder publish --sandbox
version: 1
python: "3.12"          # the Lambda runtime; 3.10 to 3.14
architecture: x86_64    # or arm64
# name: "myproject-{layer}"

layers:
  deps:
    packages: [requests]          # or requirements: requirements.txt
  # shared-code:
  #   include: [src/]             # becomes /opt/python/src/

# functions:
#   api: {layers: [shared-code, deps]}
"""


def write_manifest(path: Path, environ: Mapping[str, str]) -> int:
    """Write a manifest to start from, unless there is a file; gives the exit code."""
    # A link to nothing is there, too: writing would follow it.
    if os.path.lexists(path):
        Console().error(Problem(message=f"{path} is there already; nothing was written"))
        return ExitCode.MANIFEST
    try:
        Workspace.around(path, environ).write(path, STARTER)
    except (ManifestError, OSError) as error:
        Console().error(Problem(message=f"{path} cannot be written: {error}"))
        return ExitCode.MANIFEST
    Console().lines([f"wrote {path}; next: layer-builder publish --sandbox --manifest {path}"])
    return 0
