"""`init`: writes a manifest to start from."""

from pathlib import Path

from layer_builder.console import Console
from layer_builder.errors import Problem
from layer_builder.exit_codes import ExitCode

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


def write_manifest(path: Path) -> int:
    """Write a manifest to start from, unless there is a file; gives the exit code."""
    if path.exists():
        Console().error(Problem(message=f"{path} is there already; nothing was written"))
        return ExitCode.MANIFEST
    path.write_text(STARTER, encoding="utf-8")
    Console().lines([f"wrote {path}; next: layer-builder publish --sandbox --manifest {path}"])
    return 0
