"""The program as a stranger installs it: a wheel, an empty environment, a folder of one's own."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import uv

import layer_builder

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCES = ("LICENSE", "README.md", "layer_builder", "pyproject.toml", "requirements")
OURS = re.compile(r"(PYTHON|VIRTUAL_ENV|GITHUB_|INPUT_|AWS_|LAYER_BUILDER_).*")
"""What a stranger's environment does not have."""
MANIFEST = """\
version: 1
python: "{}"
layers:
  code: {{include: [src/]}}
  deps: {{packages: [six==1.17.0]}}
"""

pytestmark = pytest.mark.network


def call(*words: str | Path, cwd: Path, **more: str) -> CompletedProcess[str]:
    """Run a command in a folder, as one that knows nothing of the checkout."""
    kept: Mapping[str, str] = {n: value for n, value in os.environ.items() if not OURS.fullmatch(n)}
    path = os.pathsep.join([kept["PATH"], str(Path(sys.executable).parent)])
    return subprocess.run(
        words,
        cwd=cwd,
        env={**kept, "PATH": path, "LAYER_BUILDER_NO_CACHE": "builds", **more},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def make(*words: str | Path, cwd: Path) -> None:
    """Have uv do what must not fail."""
    done = call(uv.find_uv_bin(), *words, "--no-config", cwd=cwd)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """Make the sdist of a copy, and of that the wheel: nothing of the checkout is left behind."""
    copy = tmp_path / "copy"
    for name in SOURCES:
        source, target = REPOSITORY / name, copy / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            target.parent.mkdir(exist_ok=True)
            shutil.copy(source, target)
    make("build", "--python", sys.executable, "--out-dir", tmp_path / "built", copy, cwd=tmp_path)
    [found] = (tmp_path / "built").glob("*.whl")
    return found


def test_the_wheel_and_what_it_asks_for_are_enough(
    tmp_path: Path, workspace: Path, wheel: Path
) -> None:
    home = tmp_path / "home"
    python, program = home / "bin" / "python", home / "bin" / "layer-builder"
    locked = ("--constraint", REPOSITORY / "requirements" / "sandbox.txt")
    make("venv", "--python", sys.executable, home, cwd=tmp_path)
    make("pip", "install", "--python", python, *locked, wheel, cwd=tmp_path)
    where = call(python, "-c", "import layer_builder as l; print(l.__file__)", cwd=workspace)
    assert Path(where.stdout.strip()).is_relative_to(home), where.stderr
    assert "usage: layer-builder" in call(program, "--help", cwd=workspace).stdout
    told = call(program, "--version", cwd=workspace).stdout
    assert told == f"{layer_builder.__version__}\n"

    (workspace / "src").mkdir()
    (workspace / "src" / "app.py").write_text("import six\n")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    (workspace / "layers.yml").write_text(MANIFEST.format(version))
    refused = call(program, "publish", "--sandbox", cwd=workspace)
    assert refused.returncode == 2, refused.stderr
    [line] = [line for line in refused.stderr.splitlines() if "moto" in line]
    assert "pip install 'moto[s3,ssm]'" in line

    make("pip", "install", "--python", python, *locked, f"{wheel}[sandbox]", cwd=tmp_path)
    done = call(program, "publish", "--sandbox", cwd=workspace)
    assert done.returncode == 0, done.stderr
    arn = "arn:aws:lambda:us-east-1:123456789012:layer:{}:1"
    assert json.loads(done.stdout) == {key: arn.format(key) for key in ("code", "deps")}
    report = json.loads((workspace / "dist" / "layers" / "report.json").read_text("utf-8"))
    [proof] = [layer["proof"] for layer in report["layers"] if layer["key"] == "deps"]
    assert proof["imported"] == ["six"]
