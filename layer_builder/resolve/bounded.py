"""Runs the installer within bounds: a wheel of 3 MB may unpack to 3 GB.

What a wheel unpacks to stands in its directory, but uv unpacks while it downloads: whoever wanted
to look first would download twice. So the bytes that uv writes are counted while it runs.
"""

import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from layer_builder.errors import LimitError
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.logged_calls import log_call, log_end
from layer_builder.model import gib
from layer_builder.timing import now

_UNPACKED_BYTES = 1280 * 1024 * 1024
"""Five times what AWS takes of a function's layers together; pruning leaves no fifth."""


_SECONDS_BETWEEN = 0.02
"""uv writes 2 GB a second at most: it is stopped within 40 MB of its bound."""


@dataclass(frozen=True, kw_only=True)
class WriteBound:
    """How much the installer may write."""

    most_bytes: int
    folder: Path | None = None
    """Where it copies what it has unpacked; until something is there, half is allowed."""

    @classmethod
    def of_install(cls, into: Path) -> "WriteBound":
        """Bound an installation: what is unpacked into the cache is written to the folder again."""
        return cls(most_bytes=2 * _UNPACKED_BYTES, folder=into)

    @property
    def bytes_now(self) -> int:
        """What it may have written by now."""
        # uv's lock file is there from the beginning.
        is_copying = self.folder is None or any(self.folder.glob("[!.]*"))
        return self.most_bytes if is_copying else self.most_bytes // 2


RESOLVING = WriteBound(most_bytes=2 * _UNPACKED_BYTES)
"""Resolving unpacks nothing but the sdists that it has to build."""


def run_bounded(
    words: Sequence[str], environ: Mapping[str, str], bound: WriteBound
) -> subprocess.CompletedProcess[str]:
    """Run a program and take what it says.

    Raises LimitError when it wrote more than it may, where the system counts that (Linux does);
    the program is killed then.
    """
    log_call(words, environ)
    begun = now()
    with subprocess.Popen(  # noqa: S603 (no shell; requirements travel in files)
        words,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    ) as process:
        try:
            while True:
                try:
                    out, err = process.communicate(timeout=_SECONDS_BETWEEN)
                except subprocess.TimeoutExpired:
                    if (written := _written_bytes(process.pid)) > bound.bytes_now:
                        _kill(process)
                        raise _too_much(written) from None
                    continue
                log_end(process.returncode, err, now() - begun)
                return subprocess.CompletedProcess(words, process.returncode, out, err)
        finally:
            process.kill()


def _too_much(written: int) -> LimitError:
    return LimitError.because(
        f"installing was stopped after {gib(written)} were written: the distributions unpack to more"
        " than a layer can be pruned from",
        details=("AWS allows 250 MiB for a function and all its layers",),
        advice=(
            "look for the one whose wheel is far larger unpacked than packed",
            "what is this large runs as a container image (10 GiB)",
        ),
    )


def _kill(process: subprocess.Popen[str]) -> None:
    """Kill uv, and remove what it was unpacking: it would stay in its cache for good."""
    process.send_signal(signal.SIGSTOP)
    folders = set()
    for link in Path(f"/proc/{process.pid}/fd").iterdir():
        with suppress(OSError):
            path = link.readlink()
            # uv unpacks into a temporary folder of its cache, and renames it when it is whole.
            folders |= {folder for folder in path.parents if folder.name.startswith(".tmp")}
    process.kill()
    process.wait()
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _written_bytes(pid: int) -> int:
    """Say how much a process has written so far, by any call; 0 where nobody counts."""
    try:
        # Of all its threads; https://man7.org/linux/man-pages/man5/proc_pid_io.5.html
        lines = Path(f"/proc/{pid}/io").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    counts = dict(line.split(": ") for line in lines)
    return int(counts.get("wchar", 0))
