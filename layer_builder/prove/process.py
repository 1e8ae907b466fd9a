"""A trial: one process of the target's Python that imports modules, and what it answers."""

import json
import os
import secrets
import select
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from layer_builder.isolation import Confined, Policy, ending, launch, prefixes
from layer_builder.model import ImportCost
from layer_builder.prove.results import ImportResult, Verdict

_PROGRAM = Path(__file__).parent / "programs" / "import_modules.py"

_MOST_ANSWER_BYTES = 64 * 1024 * 1024


class ImportProcess:
    """One process that imports until it is done or dead."""

    def __init__(
        self,
        python: Path,
        orders: Mapping[str, Any],
        caches: Sequence[Path],
        *,
        seconds: float,
        required: bool = True,
    ) -> None:
        """Take what to import (`modules` of the orders), and the seconds that each may take.

        Bytecode is written to the first of the caches, and read from all. `required` says that
        nothing is imported where it cannot be isolated.
        """
        self.version = ""
        self.isolated: tuple[str, ...] = ()
        self.cost: ImportCost | None = None
        self._python = python
        self._orders = orders
        self._modules: list[str] = orders["modules"]
        self._caches = caches
        self._required = required
        self._seconds = seconds
        self._secret = secrets.token_hex(8)
        self._deadline = time.monotonic() + seconds
        self._next = 0

    def by_name(self) -> Iterator[tuple[str, ImportResult]]:
        """Yield verdicts as they come; the last module named when the process ends has died.

        Raises ProofError where imports must be isolated and cannot be.
        """
        read_end, write_end = os.pipe()
        with tempfile.TemporaryDirectory(prefix="layer-builder-proof-") as home:
            try:
                confined = self._start(Path(home), write_end)
            finally:
                os.close(write_end)
            self.isolated = confined.isolation.held
            current: int | None = None
            reason = ""
            try:
                for answer in read_answers(read_end, self._time_left):
                    if answer.get("secret") != self._secret:
                        continue
                    if current is None and answer.get("start") == self._next:
                        current = self._next
                    elif current is None:
                        self._note(answer)
                    elif result := _import_result(answer, current):
                        yield self._modules[current], result
                        current = None
                        self._next += 1
                        self._deadline = time.monotonic() + self._seconds
            except SilentError:
                reason = f"was not imported within {self._seconds:.0f} s"
            finally:
                os.close(read_end)
                code = confined.end()
            if current is not None:
                why = reason or ending(code)
                yield self._modules[current], ImportResult(verdict=Verdict.DIED, error=why)

    def _start(self, home: Path, answers: int) -> Confined:
        # The program's own text is passed, not its path: nothing of ours is importable there.
        program = _PROGRAM.read_text(encoding="utf-8")
        root, others = Path(self._orders["root"]), map(Path, self._orders["others"])
        policy = Policy(
            read=(*prefixes(self._python), root, *others, *self._caches, home),
            write=(home, self._caches[0]),
            required=self._required,
        )
        confined = launch(
            [str(self._python), "-I", "-S", "-c",
             f"import os; os.dup2({answers}, 3); os.closerange(4, 256)\n{program}"],
            policy,
            environ={
                "PATH": "/usr/bin:/bin",
                "HOME": str(home),
                "TMPDIR": str(home),
                "LANG": "C.UTF-8",
                "PYTHONHASHSEED": "0",
            },
            folder=home,
            stdin=subprocess.PIPE,
            descriptors=(answers,),
        )  # fmt: skip
        orders = {
            **self._orders,
            "caches": [str(cache) for cache in self._caches],
            "secret": self._secret,
        }
        confined.send(json.dumps(orders).encode())
        return confined

    def _time_left(self) -> float:
        return max(0.0, self._deadline - time.monotonic())

    def _note(self, answer: Mapping[str, Any]) -> None:
        """Take the answers that are about the whole run."""
        if "python" in answer and not self.version:
            self.version = str(answer["python"])
        if "plain" in answer:
            self.cost = ImportCost(plain=float(answer["plain"]), cached=float(answer["cached"]))


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


class SilentError(Exception):
    """No answer came in time."""


def read_answers(read_end: int, time_left: Callable[[], float]) -> Iterator[dict[str, Any]]:
    """Read answers line by line until the other end closes; text that is not one is passed over.

    `time_left` gives the seconds that may pass until the next one. Raises SilentError.
    """
    held = b""
    total_cost = 0
    while True:
        ready, _, _ = select.select([read_end], [], [], time_left())
        if not ready:
            raise SilentError
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
