"""Starts programs confined: a Python of ours applies the policy, and becomes the program."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import cache
from pathlib import Path
from typing import IO, Any

import layer_builder
from layer_builder.errors import ProofError
from layer_builder.isolation.policy import DEVICES, LOADERS, SYSTEM, Isolation, Policy
from layer_builder.isolation.refusal import refusal
from layer_builder.isolation.system_files import system_files
from layer_builder.isolation.traps import traps
from layer_builder.lazy_dataclasses import dataclass

_BOOT = """
import sys
for name, place in {packages!r}:
    sys.modules[name] = type(sys)(name)
    sys.modules[name].__path__ = [place]
from layer_builder.isolation.programs import launch
launch.main()
"""
"""The packages are there without their own modules, of which the launcher needs none: they would take
more than half of its time."""
_UNSET = Isolation()
_SIGNALS = {number.value: number.name for number in signal.Signals}
_GRACE_SECONDS = 2.0
"""How long a program that closed its answers may take to end by itself."""
_TERMINATE_SECONDS = 5.0


@dataclass(kw_only=True)
class Confined:
    """A program that runs confined, and what is known of it."""

    process: "subprocess.Popen[bytes]"
    isolation: Isolation = _UNSET
    code: int | None = None
    """Its exit code, negative for a signal; None until it has ended, or where nobody could tell."""
    failure: str = ""
    """Why it could not be started, where it could not."""
    _reader: threading.Thread = field(default_factory=threading.Thread, repr=False)

    def send(self, data: bytes) -> None:
        """Give it its standard input, where that is a pipe, and close that."""
        if self.process.stdin:
            with contextlib.suppress(BrokenPipeError), self.process.stdin as stdin:
                stdin.write(data)

    def wait(self) -> int:
        """Wait for its end; gives its exit code, negative for a signal."""
        self.process.wait()
        self._reader.join()
        if self.code is None:
            return 1 if self.failure else -signal.SIGKILL
        return self.code

    def end(self) -> int:
        """End it, and all that it started, if it has not ended; gives its exit code as `wait`."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(_GRACE_SECONDS)
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(_TERMINATE_SECONDS)
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
        return self.wait()


def launch(  # noqa: PLR0913 (as subprocess.Popen has it)
    command: Sequence[str],
    policy: Policy,
    *,
    environ: Mapping[str, str],
    folder: Path,
    stdin: int | IO[bytes] | None = subprocess.DEVNULL,
    stdout: int | IO[bytes] | None = subprocess.DEVNULL,
    stderr: int | IO[bytes] | None = subprocess.DEVNULL,
    descriptors: Sequence[int] = (),
) -> Confined:
    """Start a program under a policy, and wait until it is shown what holds.

    Args:
        command: an absolute path, and its arguments.
        policy: what it may do.
        environ: all of its environment.
        folder: its working directory.
        stdin: as `subprocess.Popen` takes it.
        stdout: the same.
        stderr: the same.
        descriptors: others that it inherits, under their own numbers.

    Raises ProofError where the policy is required and does not hold; the program never began.
    """
    read_end, write_end = os.pipe()
    orders = _orders(command, policy, environ) | {"answers": write_end}
    home = Path(layer_builder.__file__).resolve().parent
    packages = [("layer_builder", str(home)), ("layer_builder.isolation", str(home / "isolation"))]
    try:
        process = subprocess.Popen(  # noqa: S603 (no shell; our own words)
            [sys.executable, "-I", "-S", "-c", _BOOT.format(packages=packages), json.dumps(orders)],
            cwd=folder,
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            pass_fds=(write_end, *descriptors),
            start_new_session=True,
        )
    finally:
        os.close(write_end)
    answers = os.fdopen(read_end, "rb")
    confined = Confined(process=process)
    _read_verdict(confined, answers.readline())
    if confined.isolation.holds and not traps().are_whole:
        confined.isolation, confined.failure = _UNSET, "the canaries were not there"
    if policy.required and not confined.isolation.holds:
        answers.close()
        process.kill()
        process.wait()
        raise ProofError(refusal(confined.isolation, confined.failure))
    confined._reader = threading.Thread(target=_read_end, args=(confined, answers), daemon=True)  # noqa: SLF001 (made here)
    confined._reader.start()  # noqa: SLF001 (the same)
    return confined


def _orders(command: Sequence[str], policy: Policy, environ: Mapping[str, str]) -> dict[str, Any]:
    """Say to the launcher what to do, as `programs.launch` reads it."""
    named = (*LOADERS, *(str(path) for path in policy.programs or ()))
    system = SYSTEM if policy.libraries is None else system_files(policy.libraries)
    return {
        "command": list(command),
        "environ": dict(environ),
        "look": [] if policy.programs is None else list(system),
        "read": [
            *(system if policy.programs is None else named),
            *DEVICES,
            *map(str, (*policy.read, *policy.mounts.values())),
        ],
        "write": ["/dev/null", *(str(path) for path in policy.write)],
        "ports": list(policy.ports),
        "mounts": {place: str(folder) for place, folder in policy.mounts.items()},
        "bounds": {
            "RLIMIT_AS": policy.memory_bytes,
            "RLIMIT_CORE": 0,
            "RLIMIT_FSIZE": policy.file_bytes,
        },
        "required": policy.required,
        "namespaces": True,
        "pretend_modes": policy.pretend_modes,
        "traps": traps().orders(),
    }


def run_confined(
    command: Sequence[str],
    policy: Policy,
    *,
    environ: Mapping[str, str],
    folder: Path,
    text: str = "",
) -> "subprocess.CompletedProcess[str]":
    """Run a program under a policy to its end; `text` is its standard input."""
    pipe = subprocess.PIPE
    confined = launch(
        command, policy, environ=environ, folder=folder, stdin=pipe, stdout=pipe, stderr=pipe
    )
    out, err = confined.process.communicate(text.encode())
    code = confined.wait()
    return subprocess.CompletedProcess(
        list(command), code, out.decode("utf-8", "replace"), err.decode("utf-8", "replace")
    )


@cache
def what_holds() -> Isolation:
    """Try it once, with a program that does nothing."""
    with tempfile.TemporaryDirectory(prefix="layer-builder-trial-") as folder:
        confined = launch(["/bin/true"], Policy(required=False), environ={}, folder=Path(folder))
        confined.wait()
    return confined.isolation


@cache
def can_mount() -> bool:
    """Try once whether a program can be shown folders at /opt, /var/task and /tmp."""
    with tempfile.TemporaryDirectory(prefix="layer-builder-trial-") as folder:
        places = {"/opt": "opt", "/var/task": "task", "/tmp": "tmp"}  # noqa: S108 (the program's own)
        mounts = {place: Path(folder, name) for place, name in places.items()}
        for own in mounts.values():
            own.mkdir()
            (own / folder.replace("/", "-")).touch()
        seen = " -a ".join(f"-f {place}/{folder.replace('/', '-')}" for place in mounts)
        policy = Policy(mounts=mounts, required=False)
        command = ["/bin/sh", "-c", f"test {seen}"]
        return launch(command, policy, environ={}, folder=Path(folder)).wait() == 0


def ending(code: int) -> str:
    """Say how a process ended, from its exit code, which is negative for a signal."""
    if code < 0:
        return f"killed the interpreter with {_SIGNALS.get(-code, -code)}"
    return f"ended the interpreter with exit code {code}"


def _read_verdict(confined: Confined, line: bytes) -> None:
    answer: dict[str, Any] = json.loads(line) if line.strip() else {"failed": "it did not start"}
    confined.failure = str(answer.get("failed", ""))
    if "reached" in answer:
        confined.isolation = Isolation(
            reached={right: tuple(ways) for right, ways in answer["reached"].items()},
            landlock=int(answer["landlock"]),
            seccomp=bool(answer["seccomp"]),
            namespaces=tuple(answer["namespaces"]),
        )


def _read_end(confined: Confined, answers: IO[bytes]) -> None:
    with answers:
        for line in answers:
            answer = json.loads(line)
            if "ended" in answer:
                confined.code = int(answer["ended"])
            confined.failure = str(answer.get("failed", confined.failure))
