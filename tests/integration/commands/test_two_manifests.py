"""Two manifests in one workspace leave two sets of zips and reports."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

Run: TypeAlias = Callable[..., CompletedProcess[str]]

MANIFEST = 'version: 1\npython: "3.12"\nlayers: {{{key}: {{include: [{key}.py]}}}}\n'


def test_the_default_output_dir_is_of_one_manifest(run: Run, workspace: Path) -> None:
    for key in ("one", "two"):
        (workspace / key).mkdir()
        (workspace / key / "layers.yml").write_text(MANIFEST.format(key=key))
        (workspace / key / f"{key}.py").write_text("A = 1\n")
    for _ in range(2):
        for key in ("one", "./two"):
            done = run("publish", "--sandbox", "--manifest", f"{key}/layers.yml")
            assert done.returncode == 0, done.stderr
    folders = {"one": "dist/layers", "two": "dist/layers-two-layers"}
    for key, folder in folders.items():
        report = json.loads((workspace / folder / "report.json").read_text())
        assert [layer["key"] for layer in report["layers"]] == [key]
        assert [path.name for path in (workspace / folder).glob("*.zip")] == [f"{key}.zip"]
    assert {path.name for path in (workspace / "dist").iterdir()} == {"layers", "layers-two-layers"}


def test_a_folder_that_was_named_stays(run: Run, workspace: Path) -> None:
    for key in ("one", "two"):
        (workspace / f"{key}.yml").write_text(MANIFEST.format(key=key))
        (workspace / f"{key}.py").write_text("A = 1\n")
        done = run("build", "--manifest", f"{key}.yml", "--output-dir", "out")
        assert done.returncode == 0, done.stderr
    assert {path.name for path in (workspace / "out").glob("*.zip")} == {"one.zip", "two.zip"}
