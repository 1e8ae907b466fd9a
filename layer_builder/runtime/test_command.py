"""Runs a command of the user's against a stack, as the words of cibuildwheel have it.

https://cibuildwheel.pypa.io/en/stable/options/#test-command
"""

import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from layer_builder.errors import Problem
from layer_builder.isolation import Policy, ending, launch, prefixes
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import FileToInclude, TestCommand
from layer_builder.runtime.environment import lambda_variables
from layer_builder.runtime.process import TEMPORARY_BYTES, FunctionProcess
from layer_builder.runtime.stack_folder import copy_files

SECONDS = 900
"""What a function may take at most:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
_SHOWN_LINES = 40


@dataclass(frozen=True, kw_only=True)
class CommandResult:
    """What came of it."""

    isolated: tuple[str, ...]
    failure: str = ""
    """How it ended, where that was not with 0."""
    output: str = ""

    def problem(self, title: str, test: TestCommand) -> Problem | None:
        """Say that it failed, with the end of what it printed."""
        if not self.failure:
            return None
        return Problem(
            message=f"{title}: test-command {test.command.text!r} {self.failure}",
            place=test.command.place,
            details=tuple(self.output.strip().splitlines()[-_SHOWN_LINES:]),
            advice=("nothing was published",),
        )


def run_test_command(
    process: FunctionProcess,
    test: TestCommand,
    sources: Sequence[FileToInclude],
    requirements: Path | None,
) -> CommandResult:
    """Run it in a folder with its sources, on the layers, the code, and behind them its requirements.

    `python` is the target's. Raises ProofError where it must be isolated and cannot be.
    """
    with (
        tempfile.TemporaryDirectory(prefix="layer-builder-proof-") as home,
        tempfile.TemporaryFile() as output,
    ):
        here = Path(home)
        copy_files(sources, here)
        (here / ".bin").mkdir()
        for name in ("python", "python3", f"python{process.stack.target.python}"):
            (here / ".bin" / name).symlink_to(process.python)
        confined = launch(
            ["/bin/sh", "-c", test.command.text],
            _policy(process, here, requirements),
            environ=_variables(process, here, requirements),
            folder=here,
            stdout=output,
            stderr=output,
        )
        deadline = time.monotonic() + SECONDS
        while confined.process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        timed_out = confined.process.poll() is None
        code = confined.end()
        output.seek(0)
        text = output.read().decode("utf-8", "replace")
        failure = f"did not end within {SECONDS} s" if timed_out else ending(code) if code else ""
        return CommandResult(isolated=confined.isolation.held, failure=failure, output=text)


def _policy(process: FunctionProcess, home: Path, requirements: Path | None) -> Policy:
    folder = process.folder
    more = (requirements,) if requirements else ()
    mounts = {"/opt": folder.opt, "/var/task": folder.task}
    return Policy(
        read=(*prefixes(process.python), folder.opt, folder.task, *folder.runtime, *more),
        write=(home,),
        mounts=mounts if process.in_place else {},
        file_bytes=TEMPORARY_BYTES,
        pretend_modes=True,
        required=process.required,
    )


def _variables(process: FunctionProcess, home: Path, requirements: Path | None) -> dict[str, str]:
    places = process.places
    variables = lambda_variables(
        process.stack, task=places.task, opt=places.opt, temporary=str(home)
    )
    version = f"python{process.stack.target.python}"
    path = (
        *(places.task, f"{places.opt}/python/lib/{version}/site-packages", f"{places.opt}/python"),
        *(str(folder) for folder in process.folder.runtime),
        *([str(requirements)] if requirements else ()),
    )
    return {
        **variables,
        "HOME": str(home),
        "PATH": f"{home}/.bin:{variables['PATH']}",
        "PYTHONPATH": os.pathsep.join(path),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
