"""Packages that pruning is known to break, real ones: they work, and would not without the guard.

Sources of the list: issues of the tools that break them, and the experiments in docs/proving-ground.md.
"""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from layer_builder import elf, interpreter
from layer_builder.target import Architecture, Python, Target

pytestmark = pytest.mark.network

REPOSITORY = Path(__file__).resolve().parents[2]
RUN = "import sys; sys.path.insert(0, sys.argv[1]); exec(sys.argv[2])"


@dataclass(frozen=True)
class Built:
    """A layer that was built from the real index."""

    archive: Path
    report: Mapping[str, Any]
    log: str

    def unpack(self, into: Path, *, but: Iterable[str] = ()) -> Path:
        """Unpack as /opt would be; gives what is on `sys.path` there."""
        with zipfile.ZipFile(self.archive) as archive:
            archive.extractall(into)
        for path in but:
            (into / "python" / path).unlink()
        return into / "python"


Build: TypeAlias = Callable[..., Built]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Build a layer of packages, pruned as hard as can be."""

    def start(packages: str, python: str = "3.12", more: str = "") -> Built:
        manifest = tmp_path / "layers.yml"
        manifest.write_text(
            f'version: 1\npython: "{python}"\nprune: aggressive\nlayers:\n'
            f"  demo: {{packages: [{packages}]{more}}}\n"
        )
        environ = {k: v for k, v in os.environ.items() if not k.startswith(("GITHUB_", "INPUT_"))}
        done = subprocess.run(
            [sys.executable, "-m", "layer_builder", "build"],
            cwd=tmp_path,
            env=environ | {"PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        output = tmp_path / "dist/layers"
        (layer,) = json.loads((output / "report.json").read_text())["layers"]
        return Built(archive=output / "demo.zip", report=layer, log=done.stderr)

    return start


def python_for(version: str) -> str:
    found = interpreter.find(
        Target(python=Python(version), architecture=Architecture.X86_64), os.environ
    )
    if found is None:
        pytest.skip(f"there is no python{version} for x86_64 on this machine")
    return found.path


def broken(python: str, path: Path, uses: Iterable[str]) -> dict[str, str]:
    """Run each use in a process of its own; gives the last line of what those say that fail."""
    found = {}
    for use in uses:
        done = subprocess.run(
            [python, "-I", "-S", "-B", "-c", RUN, str(path), use],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            found[use] = done.stderr.strip().splitlines()[-1]
    return found


WEB = "boto3, openai, flask, 'pydantic[email]', opentelemetry-sdk, jsonschema"
SCIENCE = "numpy==2.2.6, scipy, scikit-learn, h5py"
READERS = "better-profanity, utt, pint, lightgbm"


@pytest.mark.parametrize(
    ("packages", "python", "because_put_back", "besides"),
    [
        pytest.param(
            WEB,
            "3.12",
            {"import boto3": "No module named 'botocore.docs'"},
            [
                "import boto3; boto3.client('s3', region_name='eu-west-1')",
                "import jsonschema; jsonschema.Draft202012Validator.check_schema({})",
                "import jsonschema; jsonschema.validate({'a': 1}, {'type': 'object'})",
            ],
            id="web",
        ),
        pytest.param(
            SCIENCE,
            "3.11",
            {
                "import numpy.testing": "No module named 'numpy._core.tests'",
                "import scipy.stats": "No module named 'numpy._core.tests'",
                "import scipy.optimize": "No module named 'numpy._core.tests'",
                "import sklearn.linear_model": "No module named 'numpy._core.tests'",
                "import h5py": "No module named 'h5py.tests'",
            },
            ["import numpy, scipy"],
            id="science",
        ),
        pytest.param(
            "scikit-image",
            "3.12",
            {"import skimage.filters": "Cannot load imports from non-existent stub"},
            ["import skimage"],
            id="stubs",
        ),
        pytest.param(
            READERS,
            "3.12",
            {
                "import better_profanity": "profanity_wordlist.txt",
                "import utt.__version__": "version.txt",
                "import lightgbm": "VERSION.txt",
                "import pint; pint.UnitRegistry().meter": "default_en.txt",
            },
            [],
            id="readers",
        ),
        pytest.param(
            "google-cloud-storage, azure-storage-blob, certifi, tzdata, babel, nltk",
            "3.12",
            {},
            [
                "import google.cloud.storage, google.cloud.storage.blob",
                "import azure.storage.blob",
                "import certifi; open(certifi.where()).read(1)",
                "import zoneinfo; zoneinfo.reset_tzpath(()); zoneinfo.ZoneInfo('Europe/Berlin')",
                "import babel.dates as d, datetime; d.format_date(datetime.date(2026, 1, 1), locale='de')",
                "import nltk; nltk.PorterStemmer().stem('layers')",
                "import nltk\ntry: nltk.data.find('tokenizers/punkt')\nexcept LookupError: pass\n"
                "else: raise SystemExit(1)",
            ],
            id="namespaces-and-data",
        ),
    ],
)
def test_what_pruning_would_break_is_put_back_and_works(
    build: Build,
    tmp_path: Path,
    packages: str,
    python: str,
    because_put_back: dict[str, str],
    besides: list[str],
) -> None:
    target = python_for(python)
    built = build(packages, python)
    whole = built.unpack(tmp_path / "opt")
    assert broken(target, whole, [*because_put_back, *besides]) == {}
    put_back = [item["path"] for item in built.report["restored"]]
    without = built.unpack(tmp_path / "without", but=put_back)
    said = broken(target, without, because_put_back)
    assert said.keys() == because_put_back.keys()
    assert {use: text for use, text in because_put_back.items() if text not in said[use]} == {}


def test_metadata_that_programs_ask_for_stays(build: Build, tmp_path: Path) -> None:
    uses = {
        "import openai": "httpx2",
        "import flask; flask.__version__": "flask",
        "import pydantic\nclass Model(pydantic.BaseModel):\n    mail: pydantic.EmailStr": "email",
        "from opentelemetry import context; context.get_current()": "",
    }
    target = python_for("3.12")
    built = build(WEB)
    whole = built.unpack(tmp_path / "opt")
    assert broken(target, whole, uses) == {}
    info = [str(path.relative_to(whole)) for path in whole.glob("*.dist-info/*")]
    said = broken(target, built.unpack(tmp_path / "without", but=info), uses)
    assert said.keys() == uses.keys()
    assert {use: text for use, text in uses.items() if text not in said[use]} == {}


def test_an_arm64_layer_gets_every_static_check(build: Build, tmp_path: Path) -> None:
    built = build("pandas, cryptography, orjson", more=", architecture: arm64")
    root = built.unpack(tmp_path / "opt")
    found = [elf.read(path.read_bytes()) for path in root.rglob("*.so*")]
    assert len(found) > 50
    assert {library.machine for library in found if library} == {"aarch64"}
    assert max(library.highest("GLIBC") for library in found if library) <= (2, 34)
    assert "may not load" not in built.log
    if os.uname().machine != "aarch64":
        assert "no python3.12 for arm64 on this machine" in built.log
        assert built.report["proof"]["static"] is True
