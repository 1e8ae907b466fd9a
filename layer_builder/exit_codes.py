"""The exit codes of the program: what a script or a workflow may go by."""

from enum import IntEnum


class ExitCode(IntEnum):
    """How a run ended. The numbers are a promise: they stand in the README and in `--help`."""

    GOOD = 0
    BUG = 1
    """A bug of ours."""
    MANIFEST = 2
    """The manifest, a file that it names, or an input is wrong."""
    INSTALL = 3
    """Requirements could not be resolved or installed."""
    PROOF = 4
    """The proof failed, or code of others could not be isolated."""
    LIMIT = 5
    """A layer or a function is over a limit."""
    AWS = 6
    """AWS refused, or could not be reached."""
    CHANGES = 7
    """A dry run found what would change, and was asked to tell by its exit code."""
    INTERRUPTED = 130
    """Stopped by the user: 128 and the number of SIGINT, as shells have it."""
