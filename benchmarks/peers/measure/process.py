"""Runs a command and measures it: wall time, and the memory of all its processes together."""

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

MIB = 1024 * 1024
SAMPLE_SECONDS = 0.1
_INSTALLER = "uv"

_PASSED = re.compile(
    r"LANG|LC_\w+|TERM|\w*CERT\w*|\w*CA_?(BUNDLE|CERTS|INFO)\w*|(HTTP|HTTPS|ALL|NO)_PROXY"
    r"|(http|https|all|no)_proxy|(PIP|UV)_(DEFAULT_|EXTRA_)?INDEX(_URL)?|npm_config_registry"
    r"|OPENBLAS_\w+|PYENV_ROOT|RUNNER_TOOL_CACHE"
)
"""What measured programs get of the caller's variables: where packages and interpreters are."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of a command."""

    seconds: float
    cpu_seconds: float
    """Of all its processes that were waited for."""
    peak_bytes: int
    """The most that its processes held together at one time."""
    own_bytes: int
    """The same without those called uv."""
    exit_code: int | None
    """None when it was stopped for taking too long."""
    log: str


def environment(home: Path, path: Sequence[Path], **more: str) -> dict[str, str]:
    """Give what a fresh login would: a home of its own, and programs on `path` before others."""
    passed = {name: value for name, value in os.environ.items() if _PASSED.fullmatch(name)}
    passed.setdefault("PYENV_ROOT", str(Path.home() / ".pyenv"))
    found = os.pathsep.join([*map(str, path), os.environ.get("PATH", "")])
    return {**passed, "HOME": str(home), "PATH": found, **more}


def run(command: Sequence[str], folder: Path, environ: Mapping[str, str], *, limit: float) -> Run:
    """Run a command in a folder; stop it, with all that it started, after `limit` seconds."""
    os.sync()  # what runs before it left to be written is not written meanwhile
    log = folder / "bench.log"
    with log.open("wb") as said:
        start, used = time.perf_counter(), _children_seconds()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        memory, is_late = _Memory(process.pid), threading.Event()

        def stop() -> None:
            is_late.set()
            _kill(process)

        # `wait` with a limit asks every 50 ms whether it has ended: a run's time would be rounded up.
        timer = threading.Timer(limit, stop)
        memory.start()
        timer.start()
        try:
            code = process.wait()
        finally:
            seconds = time.perf_counter() - start
            timer.cancel()
            _kill(process)
            process.wait()
            memory.stop()
    text = log.read_text(encoding="utf-8", errors="replace")
    return Run(
        seconds=seconds,
        cpu_seconds=_children_seconds() - used,
        peak_bytes=memory.peak,
        own_bytes=memory.own_peak,
        exit_code=None if is_late.is_set() else code,
        log=text,
    )


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process with all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _children_seconds() -> float:
    used = os.times()
    return used.children_user + used.children_system


class _Memory(threading.Thread):
    """Samples what a process and its children hold.

    Proportional set sizes, so that what processes share is counted once; resident set sizes where
    the system does not tell the former.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._done = threading.Event()
        self.peak = 0
        self.own_peak = 0

    def run(self) -> None:
        while not self._done.wait(SAMPLE_SECONDS):
            held = list(_held(self._pid))
            self.peak = max(self.peak, sum(size for _, size in held))
            self.own_peak = max(
                self.own_peak, sum(size for name, size in held if name != _INSTALLER)
            )

    def stop(self) -> None:
        self._done.set()
        self.join()


def _held(pid: int) -> Iterator[tuple[str, int]]:
    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
    except psutil.Error:
        return
    for process in family:
        with suppress(psutil.Error, OSError):
            memory = process.memory_full_info()
            yield process.name(), getattr(memory, "pss", memory.rss)
