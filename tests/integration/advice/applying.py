"""Advice applied: its line written into the manifest, the layers built again, the gain compared."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import yaml

from ..projects.tools import index

Run: TypeAlias = Callable[..., CompletedProcess[str]]

SETTINGS = {"bytecode", "compression", "packages", "prune", "requires", "sdk", "strip"}
"""Keys of a layer's entry that advice may set."""
FEW = 2048
"""Bytes that directories, digests and the like may make of a difference."""


def online() -> dict[str, str | None]:
    """Give the environment in which the real index is asked."""
    mine = {n: value for n, value in os.environ.items() if not n.startswith(("AWS_", "PYTHON"))}
    return {"UV_CACHE_DIR": None, **mine, "UV_DEFAULT_INDEX": index()}


def layers(workspace: Path) -> dict[str, Any]:
    """Read the layers of the last run, by key."""
    report = json.loads((workspace / "dist/layers/report.json").read_text())
    return {layer["key"]: layer for layer in report["layers"]}


def measured(layer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List what advice of a layer was measured and can be written into its entry."""
    found = []
    for one in layer["advice"]:
        change = yaml.safe_load(one["line"])
        if one["gain_bytes"] is not None and isinstance(change, dict) and change.keys() <= SETTINGS:
            found.append({**one, "change": change})
    return found


def follow_each(
    run: Run, workspace: Path, env: Mapping[str, str | None] | None = None
) -> list[tuple[str, str]]:
    """Build, then follow each piece of measured advice alone; gives layers and lines.

    Each build has one change to every layer that there is one left for.
    """
    manifest = workspace / "layers.yml"
    text = manifest.read_text()
    done = run("build", "--verbose", env=env)
    assert done.returncode == 0, done.stderr
    before = layers(workspace)
    waiting = {key: measured(layer) for key, layer in before.items()}
    followed = []
    while any(waiting.values()):
        turn = {key: rest.pop(0) for key, rest in waiting.items() if rest}
        changed = yaml.safe_load(text)
        for key, one in turn.items():
            changed["layers"][key].update(one["change"])
        manifest.write_text(yaml.safe_dump(changed, sort_keys=False))
        done = run("build", "--verbose", env=env)
        assert done.returncode == 0, done.stderr
        after = layers(workspace)
        for key, one in turn.items():
            field = f"{one['kind']}_bytes"
            gain = before[key][field] - after[key][field]
            assert abs(gain - one["gain_bytes"]) <= max(0.1 * one["gain_bytes"], FEW), (
                key,
                one,
                gain,
            )
            proof, same = (layer["proof"] or {} for layer in (after[key], before[key]))
            failing = set(proof.get("failed_before", ()))
            assert failing <= set(same.get("failed_before", ())), (key, one)
            followed.append((key, one["line"]))
    manifest.write_text(text)
    return followed
