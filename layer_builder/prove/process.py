"""A trial: one process of the target's Python that imports modules, and what it answers."""

import contextlib
import json
import os
import secrets
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from layer_builder.model import ImportCost
from layer_builder.prove.results import ImportResult, Verdict

_PROGRAM = [
    Path(__file__).parent / "programs" / name for name in ("isolation.py", "import_modules.py")
]


_CREDENTIALS = (
    ".aws", ".azure", ".cargo/credentials.toml", ".config/gcloud", ".config/gh", ".docker", ".git-credentials",
    ".gnupg", ".kube", ".netrc", ".npmrc", ".pypirc", ".ssh",
)  # fmt: skip


_MOST_ANSWER_BYTES = 64 * 1024 * 1024


_TERMINATE_SECONDS = 5.0


_SIGNALS = {number.value: number.name for number in signal.Signals}


class ImportProcess:
    """One process that imports until it is done or dead."""

    def __init__(
        self, python: str, orders: Mapping[str, Any], caches: Sequence[Path], seconds: float
    ) -> None:
        """Take what to import (`modules` of the orders), and the seconds that each may take.

        Bytecode is written to the first of the caches, and read from all.
        """
        self.version = ""
        self.isolated: tuple[str, ...] = ()
        self._python = python
        self._orders = orders
        self._modules: list[str] = orders["modules"]
        self._caches = [str(cache) for cache in caches]
        self.cost: ImportCost | None = None
        self._seconds = seconds
        self._secret = secrets.token_hex(8)
        self._deadline = time.monotonic() + seconds
        self._next = 0

    def by_name(self) -> Iterator[tuple[str, ImportResult]]:
        """Yield verdicts as they come; the last module named when the process ends has died."""
        read_end, write_end = os.pipe()
        with tempfile.TemporaryDirectory(prefix="layer-builder-proof-") as home:
            process = self._start(home, write_end)
            os.close(write_end)
            current: int | None = None
            reason = ""
            try:
                for answer in _answers(read_end, self._time_left):
                    if answer.get("secret") != self._secret:
                        continue
                    if current is None and answer.get("start") == self._next:
                        current = self._next
                    elif current is None or "ended" in answer:
                        reason = self._note(answer)
                        if reason:
                            break
                    elif attempt := _import_result(answer, current):
                        yield self._modules[current], attempt
                        current = None
                        self._next += 1
                        self._deadline = time.monotonic() + self._seconds
            except _SilentError:
                reason = f"was not imported within {self._seconds:.0f} s"
            finally:
                os.close(read_end)
                self._end(process)
            if current is not None:
                why = reason or "ended the interpreter"
                yield self._modules[current], ImportResult(verdict=Verdict.DIED, error=why)

    def _start(self, home: str, answers: int) -> subprocess.Popen[bytes]:
        # The prover's own text is passed, not its path: nothing of ours is importable there.
        program = "\n".join(part.read_text(encoding="utf-8") for part in _PROGRAM)
        environ = {
            "PATH": "/usr/bin:/bin",
            "HOME": home,
            "TMPDIR": home,
            "LANG": "C.UTF-8",
            "PYTHONHASHSEED": "0",
        }
        needed = [Path(p) for p in (self._python, self._orders["root"], home, *self._caches)]
        hidden = [
            path
            for path in _hidden()
            if path.exists() and not any(n.resolve().is_relative_to(path.resolve()) for n in needed)
        ]
        process = subprocess.Popen(  # noqa: S603 (no shell; our own words)
            [self._python, "-I", "-S", "-c",
             f"import os, sys; os.dup2({answers}, 3); os.closerange(4, 256)\n" + program],
            cwd=home,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(answers,),
            start_new_session=True,
        )  # fmt: skip
        orders = {
            **self._orders,
            "caches": self._caches,
            "writable": [home, self._caches[0]],
            "hidden": [str(path) for path in hidden],
            "secret": self._secret,
        }
        assert process.stdin  # noqa: S101 (asked for above)
        try:
            process.stdin.write(json.dumps(orders).encode())
            process.stdin.close()
        except BrokenPipeError:
            pass
        return process

    def _time_left(self) -> float:
        return max(0.0, self._deadline - time.monotonic())

    def _note(self, answer: Mapping[str, Any]) -> str:
        """Take the answers that are about the whole run; gives why it ended, if it says so."""
        if "python" in answer and not self.version:
            self.version = str(answer["python"])
            self.isolated = tuple(map(str, answer.get("isolated", ())))
        if "plain" in answer:
            self.cost = ImportCost(plain=float(answer["plain"]), cached=float(answer["cached"]))
        code = answer.get("ended")
        if not isinstance(code, int):
            return ""
        if code < 0:
            return f"killed the interpreter with {_SIGNALS.get(-code, -code)}"
        return f"ended the interpreter with exit code {code}"

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """Have the prover end all that its imports started; end it where it does not."""
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_TERMINATE_SECONDS)
        if process.returncode != 0:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _import_result(answer: Mapping[str, Any], current: int) -> ImportResult | None:
    """Read the verdict on a module; None where the answer is about something else."""
    loaded = frozenset(map(str, answer.get("loaded", ())))
    if answer.get("imported") == current:
        return ImportResult(
            verdict=Verdict.IMPORTED,
            seconds=float(answer.get("seconds", 0)),
            opened=frozenset(map(str, answer.get("opened", ()))),
            loaded=loaded,
        )
    if answer.get("failed") == current:
        error = str(answer.get("error", ""))
        return ImportResult(verdict=Verdict.FAILED, error=error, loaded=loaded)
    return None


def _hidden() -> list[Path]:
    """List what a proof must not see: sockets of services, and where tools keep credentials."""
    home = Path.home()
    return [Path("/run"), *(home / name for name in _CREDENTIALS)]


class _SilentError(Exception):
    """No answer came in time."""


def _answers(read_end: int, time_left: Callable[[], float]) -> Iterator[dict[str, Any]]:
    """Read answers line by line until the other end closes; text that is not one is passed over."""
    held = b""
    total_cost = 0
    while True:
        ready, _, _ = select.select([read_end], [], [], time_left())
        if not ready:
            raise _SilentError
        data = os.read(read_end, 65536)
        total_cost += len(data)
        if not data or total_cost > _MOST_ANSWER_BYTES:
            return
        *lines, held = (held + data).split(b"\n")
        for line in lines:
            try:
                answer = json.loads(line)
            except ValueError:
                continue
            if isinstance(answer, dict):
                yield answer
