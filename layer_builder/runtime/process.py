"""One process of the target's Python that runs a function's code as Lambda would, and what came of it."""

import json
import os
import secrets
import tempfile
import time
from pathlib import Path
from typing import IO, Any

from layer_builder import prove
from layer_builder.isolation import (
    Confined,
    Policy,
    SilentError,
    can_mount,
    ending,
    launch,
    prefixes,
    read_answers,
)
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Stack
from layer_builder.native import lambda_programs
from layer_builder.runtime.environment import lambda_variables
from layer_builder.runtime.invocation import Fault, Invocation, InvocationResult, Places
from layer_builder.runtime.stack_folder import StackFolder

INIT_SECONDS = 10.0
"""What Lambda gives the import of a handler, besides the function's own time:
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib"""
TEMPORARY_BYTES = 512 * 1024 * 1024
"""What /tmp holds, unless a function is given more:
https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html"""
_OUTPUT_BYTES = 4096
_PROGRAM = Path(__file__).parent / "programs" / "call_handler.py"
_PARTS = (
    *((f"layer_builder.prove.programs.{name}", Path(prove.__file__).parent / "programs" / f"{name}.py")
      for name in ("host", "importing", "import_modules")),
    ("layer_builder.runtime.programs.timer", Path(__file__).parent / "programs" / "timer.py"),
)  # fmt: skip
"""What the program imports: modules' names, and their files, in order."""
_BOOT = """
import os, sys, types
os.dup2({answers}, 3)
os.closerange(4, 256)
for name, text in {parts!r}:
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        sys.modules.setdefault(".".join(parts[:end]), types.ModuleType(".".join(parts[:end])))
    exec(compile(text, "<" + name + ">", "exec"), sys.modules[name].__dict__)
program = {{"__name__": "call_handler"}}
exec(compile({program!r}, "<call_handler>", "exec"), program)
for name in [name for name in sys.modules if name.partition(".")[0] == "layer_builder"]:
    del sys.modules[name]
program["main"]()
"""


@dataclass(frozen=True, kw_only=True)
class FunctionProcess:
    """Starts such processes for one function."""

    stack: Stack
    folder: StackFolder
    python: Path
    required: bool
    """Whether nothing is run where it cannot be isolated."""
    libraries: frozenset[str] | None = None
    """The shared libraries that Lambda has, by file name; None where this machine's may do."""

    def run(self, invocation: Invocation, caches: tuple[Path, ...]) -> InvocationResult:
        """Run one to its end, or to the end of its time.

        Bytecode is written to the first of the caches if that may be written to, and read from all.
        Raises ProofError where it must be isolated and cannot be.
        """
        result = InvocationResult(in_place=can_mount())
        read_end, write_end = os.pipe()
        secret = secrets.token_hex(8)
        with (
            tempfile.TemporaryDirectory(prefix="layer-builder-proof-") as home,
            tempfile.TemporaryFile() as output,
        ):
            try:
                confined = self._start(Path(home), output, write_end, caches)
            finally:
                os.close(write_end)
            confined.send(json.dumps(self._orders(invocation, caches, secret)).encode())
            result.isolated = confined.isolation.held
            try:
                self._read(read_end, secret, invocation, result)
            finally:
                os.close(read_end)
                code = confined.end()
            if code:
                result.ended = result.ended or ending(code)
            output.seek(max(0, output.seek(0, os.SEEK_END) - _OUTPUT_BYTES))
            result.output = output.read().decode("utf-8", "replace")
        return result

    @property
    def in_place(self) -> bool:
        """Whether it finds its layers and code at Lambda's own paths."""
        return can_mount()

    @property
    def places(self) -> Places:
        """Where it finds them."""
        if can_mount():
            return Places(opt="/opt", task="/var/task")
        return Places(opt=str(self.folder.opt), task=str(self.folder.task))

    def _orders(
        self, invocation: Invocation, caches: tuple[Path, ...], secret: str
    ) -> dict[str, Any]:
        places = self.places
        return {
            "opt": places.opt,
            "task": places.task,
            "others": [str(path) for path in self.folder.runtime],
            "handler": invocation.handler,
            "event": invocation.event,
            "timeout": self.stack.settings.timeout,
            "modules": list(invocation.modules),
            "sources": [places.real(path) for path in invocation.sources],
            "watch": invocation.watch,
            "libraries": sorted(self.libraries) if self.libraries is not None else None,
            "caches": [str(path) for path in caches],
            "secret": secret,
        }

    def _start(
        self, home: Path, output: IO[bytes], answers: int, caches: tuple[Path, ...]
    ) -> Confined:
        temporary = "/tmp" if can_mount() else str(home)  # noqa: S108 (Lambda's own)
        mounts = {"/opt": self.folder.opt, "/var/task": self.folder.task, "/tmp": home}  # noqa: S108
        links = None if self.libraries is None else lambda_programs(self.python)
        policy = Policy(
            read=(*prefixes(self.python), self.folder.opt, self.folder.task, *self.folder.runtime,
                  *caches, *([links] if links else ())),
            write=(home, *(path for path in caches[:1] if os.access(path, os.W_OK))),
            mounts=mounts if can_mount() else {},
            programs=tuple(links.iterdir()) if links else None,
            libraries=self.libraries,
            file_bytes=TEMPORARY_BYTES,
            pretend_modes=True,
            required=self.required,
        )  # fmt: skip
        boot = _BOOT.format(
            answers=answers,
            parts=[(name, path.read_text(encoding="utf-8")) for name, path in _PARTS],
            program=_PROGRAM.read_text(encoding="utf-8"),
        )
        places = self.places
        variables = lambda_variables(
            self.stack, task=places.task, opt=places.opt, temporary=temporary
        )
        return launch(
            [str(self.python), "-I", "-S", "-c", boot],
            policy,
            environ={
                **variables,
                **({"PATH": f"{links}:{places.opt}/bin"} if links else {}),
            },
            folder=home,
            stdin=-1,
            stdout=output,
            stderr=output,
            descriptors=(answers,),
        )

    def _read(
        self, read_end: int, secret: str, invocation: Invocation, result: InvocationResult
    ) -> None:
        own = float(self.stack.settings.timeout)
        clock = _Deadline(own + INIT_SECONDS)
        begun = ""
        try:
            for answer in read_answers(read_end, clock.left):
                if answer.get("secret") != secret:
                    continue
                is_beginning = "begun" in answer
                clock.extend(own + (INIT_SECONDS if is_beginning else 1.0))
                begun = invocation.modules[answer["begun"]] if is_beginning else ""
                result.note(answer, invocation, self.places)
        except SilentError:
            result.timed_out = True
        if begun:
            why = (
                f"did not end within {own + INIT_SECONDS:.0f} s" if result.timed_out else "ended it"
            )
            result.failed[begun] = Fault(kind="Runtime.ExitError", text=f"importing it {why}")


class _Deadline:
    def __init__(self, seconds: float) -> None:
        self.extend(seconds)

    def extend(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        return max(0.0, self._at - time.monotonic())
