"""Confirms imports: a process that has no way to answer until they are over."""

import json
import os
import secrets
import stat
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from layer_builder.isolation import Confined, as_if_absent, ending
from layer_builder.prove.results import ImportResult, ImportResults, Verdict
from layer_builder.prove.start import Bench

_ANSWER = "answer.json"
"""As `programs.confirm_imports` has it."""
_BYTECODE = "bytecode"
_MOST_ANSWER_BYTES = 4 * 1024 * 1024
_NAME_BYTES = 16


def confirm(bench: Bench, names: Sequence[str], *, seconds: float) -> ImportResults:
    """Import modules of one distribution in a process that imports no others.

    Each may take `seconds`. Where one of them does not import, each has a process of its own: what
    is said of one is said by nobody else. Raises ProofError where it must be isolated and cannot be.
    """
    result, isolated = _confirm(bench, names, seconds * len(names))
    if result.verdict is Verdict.IMPORTED or len(names) == 1:
        return ImportResults(by_name=dict.fromkeys(names, result), isolated=isolated)
    by_name = {name: _confirm(bench, [name], seconds)[0] for name in names}
    return ImportResults(by_name=by_name, isolated=isolated)


def _confirm(
    bench: Bench, names: Sequence[str], seconds: float
) -> tuple[ImportResult, tuple[str, ...]]:
    with tempfile.TemporaryDirectory(prefix="layer-builder-proof-") as folder:
        home, signature = Path(folder), Path(folder, secrets.token_hex(_NAME_BYTES))
        # What other imports wrote for it may be of another source, and name this one's hash.
        alone = replace(bench, caches=(home / _BYTECODE, *bench.caches[1:]))
        alone.caches[0].mkdir()
        confined = alone.start("confirm_imports", home)
        orders = {**alone.orders(), "modules": list(names)}
        confined.send(json.dumps(orders).encode() + b"\n" + os.fsencode(signature))
        why = _end_of(confined, seconds)
        answer = _answer(home / _ANSWER)
        error = as_if_absent(str(answer.get("error", "")))
        # Both: a copy of the process may have signed, which an import made before it failed.
        if os.path.lexists(signature) and not why:
            loaded = answer.get("loaded")
            files = frozenset(map(str, loaded)) if isinstance(loaded, list) else frozenset()
            result = ImportResult(verdict=Verdict.IMPORTED, loaded=files)
        elif error:
            result = ImportResult(verdict=Verdict.FAILED, error=error)
        else:
            result = ImportResult(verdict=Verdict.DIED, error=why or ending(0))
        return result, confined.isolation.held


def _end_of(confined: Confined, seconds: float) -> str:
    """Wait for a process; says what was wrong with its end, or nothing."""
    try:
        confined.process.wait(seconds)
    except subprocess.TimeoutExpired:
        confined.end()
        return f"was not imported within {seconds:.0f} s"
    code = confined.end()
    return ending(code) if code else ""


def _answer(path: Path) -> Mapping[str, Any]:
    """Read what a process wrote; whatever it is, it only harms itself."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return {}
    with os.fdopen(file, "rb") as opened:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            return {}
        try:
            found = json.loads(opened.read(_MOST_ANSWER_BYTES))
        except (ValueError, RecursionError):
            return {}
    return found if isinstance(found, dict) else {}
