"""One function: the program builds its layer twice, as installed and as hard as it goes.

Both times the program itself calls the function with each event; here the answers are compared.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.functions.case import FunctionCase, FunctionRow
from benchmarks.functions.pip_zip import bytecode_in, pip_zips

ROOT = Path(__file__).resolve().parents[2]
PYTHON = "3.12"
BEFORE = {"prune": "off", "strip": False, "sdk": "bundle", "bytecode": "none"}
AFTER = {"prune": "aggressive", "strip": True, "sdk": "auto", "bytecode": "auto"}
_ARCHITECTURE = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
_SECONDS = 60
"""For each event: on a machine that does other work, too."""


class RefusedError(Exception):
    """What the program says of a function that it refuses."""


def try_out(case: FunctionCase) -> FunctionRow:
    """Build, prove and weigh a function both ways."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="functions-") as folder:
        try:
            before = _build(case, Path(folder, "before"), BEFORE)
            after = _build(case, Path(folder, "after"), AFTER)
            packages = {p["name"]: p["version"] for p in before["layers"][0]["packages"]}
            plain, compiled = pip_zips(packages, PYTHON, _ARCHITECTURE, Path(folder, "pip"))
            answers = [_answers(report) for report in (before, after)]
            (layer,) = after["layers"]
            bytecode = bytecode_in(Path(folder, "after", "out", Path(layer["zip"]).name))
        except RefusedError as error:
            return FunctionRow(name=case.name, requirements=case.requirements, error=str(error))
    packed = layer["bytecode"]["packed"]
    return FunctionRow(
        name=case.name,
        requirements=case.requirements,
        before=answers[0],
        after=answers[1],
        pip_zip=plain,
        pip_compiled_zip=compiled,
        zip=layer["zip_bytes"],
        bytecode=bytecode,
        init_before=_proof(before)["init_seconds"]["source"],
        init_after=_proof(after)["init_seconds"][
            "bytecode" if packed in {"all", "loaded"} else "source"
        ],
        packed=packed,
        seconds=round(time.perf_counter() - start, 1),
    )


def _build(case: FunctionCase, folder: Path, settings: Mapping[str, object]) -> dict[str, Any]:
    """Run the program in a workspace of its own, and read its report."""
    for name, content in case.files.items():
        inside = (
            name if name.startswith("events/") or name == "requirements.txt" else f"code/{name}"
        )
        place = folder / inside
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    manifest = {
        "version": 1,
        "python": PYTHON,
        "architecture": _ARCHITECTURE,
        **settings,
        "layers": {"deps": {"requirements": "requirements.txt"}},
        "functions": {
            case.name: {
                "layers": ["deps"],
                "code": "code/",
                "handler": "app.handler",
                "events": "events/*.json",
                "timeout": _SECONDS,
            }
        },
    }
    (folder / "layers.yml").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "layer_builder", "build", "--output-dir", "out"),
            *("--s3-bucket", "functions"),  # with it a zip may be over 50 MiB; nothing is sent
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "LAYER_BUILDER_NO_CACHE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.partition("error: ")[2] or done.stderr or done.stdout
        raise RefusedError(f"prune: {settings['prune']}: {said.strip()}")
    report: dict[str, Any] = json.loads((folder / "out" / "report.json").read_text("utf-8"))
    return report


def _answers(report: Mapping[str, Any]) -> dict[str, str]:
    """Give each event's answer; raises RefusedError for one that is too long to be told whole."""
    answers = {}
    for event in _proof(report)["events"]:
        if event["verdict"] != "answered" or " characters)" in event["answer"]:
            raise RefusedError(f"{event['name']}: {event['verdict']}, {event['answer'][-60:]}")
        answers[event["name"].removeprefix("events/")] = event["answer"]
    return answers


def _proof(report: Mapping[str, Any]) -> Mapping[str, Any]:
    (function,) = report["functions"]
    proof: Mapping[str, Any] | None = function["proof"]
    if proof is None:
        raise RefusedError("nothing of it was tried")
    return proof
