"""The door to the target's Python: finds one, has it import modules under guard.

Where interpreters are: PATH, pyenv's versions, the runner's tool cache, uv's own. What is found is
asked for its version before it is believed: an inactive pyenv shim answers with an error.
"""

import contextlib
import json
import os
import platform
import secrets
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uv as uv_package

from layer_builder.proof import Attempt, Round, Verdict
from layer_builder.target import Target

_ASK = (
    "import platform, sys; "
    "print(sys.implementation.name, '%d.%d' % sys.version_info[:2], platform.machine(), sys.platform)"
)
_PROVER = Path(__file__).with_name("prover.py")
MEMORY_BYTES = 10_240 * 1024 * 1024
"""The most that a function can have; bounds the address space of a proof."""
MODULE_SECONDS = 60.0
_CREDENTIALS = (
    ".aws", ".azure", ".cargo/credentials.toml", ".config/gcloud", ".config/gh", ".docker", ".git-credentials",
    ".gnupg", ".kube", ".netrc", ".npmrc", ".pypirc", ".ssh",
)  # fmt: skip
_MOST_ANSWER_BYTES = 64 * 1024 * 1024
_MERCY_SECONDS = 5.0
_SIGNALS = {number.value: number.name for number in signal.Signals}


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    """A Python that is the target's minor version and runs on this machine."""

    path: str
    seconds: float = MODULE_SECONDS
    """Bounds each module."""

    def attempt(
        self,
        root: Path,
        modules: Sequence[str],
        *,
        cache: Path,
        others: Sequence[Path] = (),
        watch: bool = False,
    ) -> Round:
        """Import modules one after another; a death is its module's verdict, the rest go on.

        `cache` takes the bytecode, so that a later attempt need not compile again. `others`
        are folders of packages that come behind on `sys.path`: layers below, the runtime's own.
        """
        found: dict[str, Attempt] = {}
        loaded: set[str] = set()
        version, isolated = "", tuple[str, ...]()
        left = list(modules)
        while left:
            orders = {
                "root": str(root),
                "others": [str(folder) for folder in others],
                "modules": left,
                "memory": MEMORY_BYTES,
                "watch": watch,
            }
            run = _Run(self.path, orders, cache, self.seconds)
            found |= dict(run.attempts())
            loaded |= run.loaded
            version, isolated = run.version or version, run.isolated
            rest = [name for name in left if name not in found]
            if len(rest) == len(left):
                why = f"the interpreter {self.path} did not start"
                found |= {name: Attempt(verdict=Verdict.DIED, error=why) for name in rest}
                break
            left = rest
        return Round(
            attempts=found, loaded=frozenset(loaded), version=version, isolated=tuple(isolated)
        )


def find(
    target: Target, environ: Mapping[str, str], uv_binary: str | None = None
) -> Interpreter | None:
    """Find a Python of the target's minor version that runs on this machine, None if none does."""
    if platform.machine().replace("arm64", "aarch64") != target.machine:
        return None
    wanted = f"cpython {target.python} {target.machine} linux"
    for path in _candidates(target, environ, uv_binary or uv_package.find_uv_bin()):
        if _answer(path, environ) == wanted:
            return Interpreter(path=path)
    return None


def _candidates(target: Target, environ: Mapping[str, str], uv_binary: str) -> Iterator[str]:
    name = f"python{target.python}"
    for folder in environ.get("PATH", "").split(os.pathsep):
        if folder and os.access(Path(folder, name), os.X_OK):
            yield str(Path(folder, name))
    home = environ.get("HOME", "")
    roots = [
        Path(environ.get("PYENV_ROOT") or Path(home, ".pyenv"), "versions"),
        *(Path(cache, "Python") for cache in [environ.get("RUNNER_TOOL_CACHE", "")] if cache),
    ]
    for root in roots:
        for version in sorted(root.glob(f"{target.python}.*"), reverse=True):
            yield from map(str, version.glob("bin/python"))
            yield from map(str, version.glob("*/bin/python"))
    yield from _from_uv(uv_binary, ["find"], target, environ)
    if environ.get("CI") == "true" or environ.get("GITHUB_ACTIONS") == "true":
        _uv(uv_binary, ["install"], target, environ, seconds=90)
        yield from _from_uv(uv_binary, ["find", "--managed-python"], target, environ)


def _from_uv(
    uv_binary: str, words: list[str], target: Target, environ: Mapping[str, str]
) -> Iterator[str]:
    done = _uv(uv_binary, [*words, "--no-python-downloads"], target, environ, seconds=20)
    if done:
        yield done


def _uv(
    uv_binary: str, words: list[str], target: Target, environ: Mapping[str, str], seconds: float
) -> str:
    command = [uv_binary, "python", *words, "--no-config", "--quiet", str(target.python)]
    if words[0] == "find":
        command.append("--no-project")
    return _output(command, environ, seconds)


def _answer(path: str, environ: Mapping[str, str]) -> str:
    return _output([path, "-I", "-S", "-c", _ASK], environ, 20)


def _output(command: Sequence[str], environ: Mapping[str, str], seconds: float) -> str:
    try:
        done = subprocess.run(  # noqa: S603 (no shell; our own words)
            command,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


class _Run:
    """One process that imports until it is done or dead."""

    def __init__(self, python: str, orders: Mapping[str, Any], cache: Path, seconds: float) -> None:
        self.loaded: set[str] = set()
        self.version = ""
        self.isolated: tuple[str, ...] = ()
        self._python = python
        self._orders = orders
        self._modules: list[str] = orders["modules"]
        self._cache = cache
        self._seconds = seconds
        self._secret = secrets.token_hex(8)
        self._deadline = time.monotonic() + seconds
        self._next = 0

    def attempts(self) -> Iterator[tuple[str, Attempt]]:
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
                    elif attempt := _attempt(answer, current):
                        self.loaded |= set(map(str, answer.get("loaded", ())))
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
                yield self._modules[current], Attempt(verdict=Verdict.DIED, error=why)

    def _start(self, home: str, answers: int) -> subprocess.Popen[bytes]:
        # The prover's own text is passed, not its path: nothing of ours is importable there.
        program = _PROVER.read_text(encoding="utf-8")
        environ = {
            "PATH": "/usr/bin:/bin",
            "HOME": home,
            "TMPDIR": home,
            "LANG": "C.UTF-8",
            "PYTHONHASHSEED": "0",
        }
        process = subprocess.Popen(  # noqa: S603 (no shell; our own words)
            [self._python, "-I", "-S", "-X", f"pycache_prefix={self._cache}", "-c",
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
            "writable": [home, str(self._cache)],
            "hidden": [str(path) for path in _hidden() if path.exists()],
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
            process.wait(_MERCY_SECONDS)
        if process.returncode != 0:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _attempt(answer: Mapping[str, Any], current: int) -> Attempt | None:
    """Read the verdict on a module; None where the answer is about something else."""
    if answer.get("imported") == current:
        return Attempt(
            verdict=Verdict.IMPORTED,
            seconds=float(answer.get("seconds", 0)),
            opened=frozenset(map(str, answer.get("opened", ()))),
        )
    if answer.get("failed") == current:
        return Attempt(verdict=Verdict.FAILED, error=str(answer.get("error", "")))
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
    total = 0
    while True:
        ready, _, _ = select.select([read_end], [], [], time_left())
        if not ready:
            raise _SilentError
        data = os.read(read_end, 65536)
        total += len(data)
        if not data or total > _MOST_ANSWER_BYTES:
            return
        *lines, held = (held + data).split(b"\n")
        for line in lines:
            try:
                answer = json.loads(line)
            except ValueError:
                continue
            if isinstance(answer, dict):
                yield answer
