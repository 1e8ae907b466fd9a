"""`layer-builder` and `python -m layer_builder`."""

import os
import sys

from layer_builder.main import main


def run() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(main(sys.argv[1:], os.environ))


if __name__ == "__main__":
    run()
