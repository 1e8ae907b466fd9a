"""Starts the real program, many times and fast.

One process imports it once and forks for each run: the run is a process of its own, with its own
environment, folder and output, and can be killed as one. It saves the second that importing takes.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_MOST_SECONDS = 180

_FORKS = """
import atexit, json, os, sys, threading, traceback
import botocore.session, s3transfer.manager
import layer_builder.aws.catalog, layer_builder.aws.policies_ssm, layer_builder.aws.functions
import layer_builder.aws.layer_versions, layer_builder.aws.s3
from layer_builder.main import main

for line in sys.stdin:
    asked = json.loads(line)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setsid()
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            for number in (1, 2):
                os.dup2(os.open(asked["said"][number - 1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
            os.chdir(asked["folder"])
            os.environ.clear()
            os.environ.update(asked["environment"])
            code = main(asked["words"], os.environ)
        except SystemExit as left:
            code = int(left.code or 0)
        except BaseException:
            traceback.print_exc()
        finally:
            # As an interpreter ends: it waits for its threads, and folders for temporary files go.
            threading._shutdown()
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    print(json.dumps({"started": child}), flush=True)
    _, status, usage = os.wait4(child, 0)
    print(json.dumps({"code": os.waitstatus_to_exitcode(status), "peak": usage.ru_maxrss * 1024}), flush=True)
"""


@dataclass(frozen=True, kw_only=True)
class Done:
    """What a run came to."""

    code: int
    """Negative: the signal that ended it."""
    stdout: str
    stderr: str
    peak_bytes: int
    """The most memory that it had at once."""

    @property
    def text(self) -> str:
        """All that it said, in a log of GitHub's with the annotations' escapes undone."""
        said = self.stdout + self.stderr
        for escape, meant in (("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
            said = said.replace(escape, meant)
        return said


class Program:
    """Forks runs of the program; `close` ends the process that forks."""

    def __init__(self, repository: Path) -> None:
        self._forks = subprocess.Popen(
            [sys.executable, "-P", "-c", _FORKS],
            env={"PYTHONPATH": str(repository), "LANG": "C.UTF-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        self._pid = 0
        self._started = threading.Event()
        self._on = threading.Lock()

    def pid(self) -> int:
        """Give the process of the run that is on; waits for its start."""
        assert self._started.wait(_MOST_SECONDS), "no run was started"
        return self._pid

    @property
    def is_busy(self) -> bool:
        """Whether a run is on; there is one at a time."""
        return self._on.locked()

    def run(self, *words: str, folder: Path, environment: Mapping[str, str]) -> Done:
        """Run to the end, at most three minutes."""
        with self._on, tempfile.TemporaryDirectory() as said:
            files = [Path(said, name) for name in ("stdout", "stderr")]
            asked = {
                "words": words,
                "folder": str(folder),
                "environment": dict(environment),
                "said": [str(file) for file in files],
            }
            self._tell(asked)
            self._pid = int(self._hear()["started"])
            self._started.set()
            watch = threading.Timer(_MOST_SECONDS, os.kill, [self._pid, signal.SIGKILL])
            watch.start()
            try:
                ended = self._hear()
            finally:
                watch.cancel()
                self._started.clear()
            stdout, stderr = (file.read_text("utf-8") if file.exists() else "" for file in files)
        return Done(
            code=int(ended["code"]), stdout=stdout, stderr=stderr, peak_bytes=int(ended["peak"])
        )

    def close(self) -> None:
        """End the process that forks."""
        assert self._forks.stdin
        assert self._forks.stdout
        self._forks.stdin.close()
        self._forks.wait(10)
        self._forks.stdout.close()

    def _tell(self, asked: object) -> None:
        assert self._forks.stdin
        self._forks.stdin.write(json.dumps(asked) + "\n")
        self._forks.stdin.flush()

    def _hear(self) -> dict[str, Any]:
        assert self._forks.stdout
        line = self._forks.stdout.readline()
        assert line, "the process that forks has ended"
        heard: dict[str, Any] = json.loads(line)
        return heard
