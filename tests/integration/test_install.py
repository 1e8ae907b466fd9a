"""The program as a stranger installs it: a wheel, an empty environment, a folder of one's own."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import uv

import layer_builder

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCES = (
    "LICENSE",
    "README.md",
    "entrypoint.py",
    "layer_builder",
    "pyproject.toml",
    "requirements",
)
OURS = re.compile(r"(PYTHON|VIRTUAL_ENV|GITHUB_|INPUT_|AWS_|LAYER_BUILDER_|RUNNER_).*")
"""What a stranger's environment does not have."""
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
MANIFEST = """\
version: 1
python: "{}"
layers:
  code: {{include: [src/]}}
  deps: {{packages: [six==1.17.0, markupsafe], bytecode: imported}}
"""
ARN = "arn:aws:lambda:us-east-1:123456789012:layer:{}:1"

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


def make(*words: str | Path, cwd: Path, **more: str) -> str:
    """Do what must not fail, and give what it prints."""
    done = call(*words, cwd=cwd, **more)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@dataclass(frozen=True, kw_only=True)
class Made:
    """What the program is installed from."""

    checkout: Path
    sdist: Path
    wheel: Path

    def address(self, kind: str) -> str:
        """Say it as pip does."""
        addresses = {
            "checkout": str(self.checkout),
            "git address": f"git+file://{self.checkout}",
            "wheel": str(self.wheel),
        }
        return addresses[kind]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Make the sdist of a copy, and of that the wheel: nothing of the checkout is left behind."""
    folder = tmp_path_factory.mktemp("made")
    checkout, built = folder / "checkout", folder / "built"
    checkout.mkdir()
    for name in SOURCES:
        source, target = REPOSITORY / name, checkout / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@b.example")
    make(*git, "init", "--quiet", cwd=checkout)
    make(*git, "add", ".", cwd=checkout)
    make(*git, "commit", "--quiet", "--message", "Begin", cwd=checkout)
    make(sys.executable, "-m", "build", "--outdir", built, checkout, cwd=folder)
    [wheel], [sdist] = built.glob("*.whl"), built.glob("*.tar.gz")
    return Made(checkout=checkout, sdist=sdist, wheel=wheel)


def test_sdist_and_wheel_hold_the_program_and_nothing_besides(made: Made) -> None:
    ours = {
        path.relative_to(REPOSITORY).as_posix()
        for path in (REPOSITORY / "layer_builder").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(made.wheel) as wheel:
        names = set(wheel.namelist())
        [told] = [name for name in names if name.endswith(".dist-info/METADATA")]
        lines = wheel.read(told).decode().splitlines()
    assert {name for name in names if ".dist-info/" not in name} == ours
    assert f"Version: {layer_builder.__version__}" in lines
    with tarfile.open(made.sdist) as sdist:
        inside = {name.partition("/")[2] for name in sdist.getnames()}
    assert inside >= ours | {"pyproject.toml", "requirements/run.in"}
    assert not [
        name for name in inside if re.fullmatch(r"requirements/.*\.txt|entrypoint\.py", name)
    ]


def test_the_action_says_the_same_version(made: Made, tmp_path: Path) -> None:
    """In the environment that it makes for itself."""
    words = (sys.executable, "-I", made.checkout / "entrypoint.py", "--version")
    told = make(*words, cwd=tmp_path, RUNNER_TEMP=str(tmp_path / "temp"))
    assert told == f"{layer_builder.__version__}\n"
    assert list((tmp_path / "temp/layer-builder").glob("run-*/layer-builder-ready"))


@pytest.fixture
def program(tmp_path: Path, made: Made) -> Path:
    """Have pip install the wheel into an environment that has nothing else."""
    make(sys.executable, "-m", "venv", tmp_path / "home", cwd=tmp_path)
    make(
        tmp_path / "home/bin/python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-compile",
        made.wheel,
        cwd=tmp_path,
    )
    return tmp_path / "home/bin/layer-builder"


def test_what_is_installed_runs_the_demo(program: Path, workspace: Path, tmp_path: Path) -> None:
    where = make(
        program.with_name("python"), "-c", "import layer_builder as l; print(l.__file__)",
        cwd=workspace,
    )  # fmt: skip
    assert Path(where.strip()).is_relative_to(tmp_path / "home")
    assert "usage: layer-builder" in make(program, "--help", cwd=workspace)
    shutil.copytree(REPOSITORY / "examples/cr2a", workspace, dirs_exist_ok=True)
    done = call(program, "publish", "--sandbox", cwd=workspace, RUNNER_TEMP=str(tmp_path / "temp"))
    assert done.returncode == 0, done.stderr
    keys = ("shared-code", "core-deps", "optional-deps", "shared-deps")
    assert json.loads(done.stdout) == {key: ARN.format(f"cr2a-{key}") for key in keys}
    report = json.loads((workspace / "dist/layers/report.json").read_text("utf-8"))
    assert report["tool"]["version"] == layer_builder.__version__
    assert all(function["proof"]["events"] for function in report["functions"])
    # An environment of its own is what the action makes; what is installed has one.
    assert not (tmp_path / "temp").exists()


def test_the_lowest_versions_that_it_asks_for_are_enough(
    tmp_path: Path, workspace: Path, made: Made
) -> None:
    home, binary = tmp_path / "home", uv.find_uv_bin()
    # uv takes the lowest of what it is asked for itself: of what the wheel names, word for word.
    with zipfile.ZipFile(made.wheel) as wheel:
        [told] = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
        asked = re.findall(r"^Requires-Dist: (.*)$", wheel.read(told).decode(), re.MULTILINE)
    assert all(re.search("[>=~]=", line) for line in asked), asked
    make(binary, "venv", "--no-config", "--python", sys.executable, home, cwd=tmp_path)
    make(
        binary, "pip", "install", "--no-config", "--python", home / "bin/python",
        "--resolution", "lowest-direct", made.wheel, *asked, cwd=tmp_path,
    )  # fmt: skip
    (workspace / "src").mkdir()
    (workspace / "src" / "app.py").write_text("import six\n")
    (workspace / "layers.yml").write_text(MANIFEST.format(VERSION))
    done = call(home / "bin/layer-builder", "publish", "--sandbox", cwd=workspace)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {key: ARN.format(key) for key in ("code", "deps")}
    report = json.loads((workspace / "dist" / "layers" / "report.json").read_text("utf-8"))
    [proof] = [layer["proof"] for layer in report["layers"] if layer["key"] == "deps"]
    assert {"six", "markupsafe"} <= set(proof["imported"])


WAYS: Mapping[str, tuple[str, ...]] = {
    "uvx": ("uvx", "--no-config", "--python", sys.executable, "--from"),
    "pipx": ("uvx", "--no-config", "pipx", "run", "--python", sys.executable, "--spec"),
}


@pytest.mark.parametrize("kind", ["checkout", "git address", "wheel"])
@pytest.mark.parametrize("way", ["pip", *WAYS])
def test_each_way_to_install_gives_the_same_program(
    tmp_path: Path, made: Made, way: str, kind: str
) -> None:
    address, program = made.address(kind), [str(tmp_path / "home/bin/layer-builder")]
    if way == "pip":
        make(sys.executable, "-m", "venv", tmp_path / "home", cwd=tmp_path)
        pip = (tmp_path / "home/bin/python", "-m", "pip", "install", "--quiet", "--no-compile")
        make(*pip, address, cwd=tmp_path)
    else:
        program = [*WAYS[way], address, "layer-builder"]
    homes = {name: str(tmp_path / "pipx") for name in ("PIPX_HOME", "PIPX_BIN_DIR")}
    told = make(*program, "--version", cwd=tmp_path, **homes)
    assert told == f"{layer_builder.__version__}\n"
    schema = make(*program, "schema", cwd=tmp_path, **homes)
    assert schema == (REPOSITORY / "docs/layers.schema.json").read_text("utf-8")
