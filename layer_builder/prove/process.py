"""A trial: one process of the target's Python that imports modules, and what it answers."""

import json
import os
import secrets
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from layer_builder.isolation import Confined, SilentError, as_if_absent, ending, read_answers
from layer_builder.model import ImportCost
from layer_builder.prove.results import ImportResult, Verdict
from layer_builder.prove.start import Bench

SECONDS = "seconds"
"""A file beside bytecode that imports find: for each, what compiling it took."""


class ImportProcess:
    """One process that imports until it is done or dead."""

    def __init__(self, bench: Bench, modules: list[str], *, watch: bool, seconds: float) -> None:
        """Take what to import, and the seconds that each may take.

        `watch` says to note which files of the layer each import opens.
        """
        self.version = ""
        self.isolated: tuple[str, ...] = ()
        self.cost: ImportCost | None = None
        self._bench = bench
        self._modules = modules
        self._watch = watch
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
        confined = self._bench.start("import_modules", home, descriptors={3: answers})
        orders = {
            **self._bench.orders(),
            "modules": self._modules,
            "watch": self._watch,
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
        error = as_if_absent(str(answer.get("error", "")))
        return ImportResult(verdict=Verdict.FAILED, error=error, loaded=loaded)
    return None
