"""Packages that pruning is known to break, real ones: they work, and would not without the guard.

Sources of the list: issues of the tools that break them, and the experiments in docs/proving-ground.md.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from layer_builder.model.target import Architecture, Python, Target
from layer_builder.native import elf
from layer_builder.prove import interpreter

pytestmark = pytest.mark.network

REPOSITORY = Path(__file__).resolve().parents[3]
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

    def unpack_as_bare_files(self, into: Path) -> Path:
        """Unpack without any metadata, as the advice of the past was."""
        root = self.unpack(into)
        for info in root.glob("*.dist-info"):
            shutil.rmtree(info)
        return root


Build: TypeAlias = Callable[..., Built]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Build a layer of packages, pruned as hard as can be."""

    def start(packages: str, python: str = "3.12", more: str = "") -> Built:
        manifest = tmp_path / "layers.yml"
        manifest.write_text(
            f'version: 1\npython: "{python}"\nprune: aggressive\ncompression: fast\nlayers:\n'
            f"  demo: {{packages: [{packages}]{more}}}\n"
        )
        environ = {k: v for k, v in os.environ.items() if not k.startswith(("GITHUB_", "INPUT_"))}
        done = subprocess.run(
            [sys.executable, "-m", "layer_builder", "build", "--s3-bucket", "any-size"],
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
    found = interpreter.find_interpreter(
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


@dataclass(frozen=True, kw_only=True)
class Casualties:
    """Packages that are built together, and what their users do with them."""

    packages: str
    python: str = "3.12"
    put_back: Mapping[str, str] = field(default_factory=dict)
    """Uses that fail without the files that were put back, and a word of what they say then."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """Uses that fail without the packages' metadata."""
    besides: Iterable[str] = ()


CASUALTIES = {
    "web": Casualties(
        packages="boto3, openai, flask, 'pydantic[email]', opentelemetry-sdk==1.27.0, jsonschema",
        put_back={"import boto3": ".docs"},
        metadata={
            "import openai": "httpx2",
            "import flask; flask.__version__": "flask",
            "import pydantic\nclass Model(pydantic.BaseModel):\n    mail: pydantic.EmailStr": "email",
            "import opentelemetry.context": "StopIteration",
            "import jsonschema; jsonschema.__version__": "jsonschema",
        },
        besides=[
            "import boto3; boto3.client('s3', region_name='eu-west-1')",
            "import jsonschema; jsonschema.Draft202012Validator.check_schema({})",
            "import jsonschema; jsonschema.validate({'a': 1}, {'type': 'object'})",
        ],
    ),
    "science": Casualties(
        packages="numpy==2.2.6, scipy, scikit-learn, scikit-image, h5py",
        python="3.11",
        put_back={
            "import numpy.testing": "No module named 'numpy._core.tests",
            "import scipy.stats": "No module named 'numpy._core.tests",
            "import scipy.optimize": "No module named 'numpy._core.tests",
            "import sklearn.linear_model": "No module named 'numpy._core.tests",
            "import skimage.filters": "Cannot load imports from non-existent stub",
        },
        besides=[
            "import numpy, scipy",
            "import skimage.data",
            "import h5py; h5py.File",
        ],
    ),
    "readers of their own texts": Casualties(
        packages="better-profanity, utt, pint, vadersentiment",
        besides=[
            "import better_profanity",
            "import utt.__version__",
            "import pint; pint.UnitRegistry().meter",
            "from vaderSentiment import vaderSentiment as v; v.SentimentIntensityAnalyzer()",
        ],
    ),
    "namespaces": Casualties(
        packages="google-cloud-storage, azure-storage-blob",
        besides=["import google.cloud.storage.blob", "import azure.storage.blob"],
    ),
    "data": Casualties(
        packages="certifi, tzdata, babel, nltk",
        besides=[
            "import certifi; assert open(certifi.where()).read(1)",
            "import zoneinfo; zoneinfo.reset_tzpath(()); zoneinfo.ZoneInfo('Europe/Berlin')",
            "import babel.dates as d, datetime; d.format_date(datetime.date(2026, 1, 1), locale='de')",
            "import nltk; nltk.PorterStemmer().stem('layers')",
            "import nltk\ntry: nltk.data.find('tokenizers/punkt')\nexcept LookupError: pass\n"
            "else: raise SystemExit('its data is not on board')",
        ],
    ),
}


@pytest.mark.parametrize("case", CASUALTIES.values(), ids=CASUALTIES)
def test_what_pruning_would_break_works_and_only_for_what_was_kept(
    build: Build, tmp_path: Path, case: Casualties
) -> None:
    python = python_for(case.python)
    built = build(case.packages, case.python)
    whole = built.unpack(tmp_path / "opt")
    assert broken(python, whole, [*case.put_back, *case.metadata, *case.besides]) == {}
    put_back = [item["path"] for item in built.report["restored"]]
    without = built.unpack(tmp_path / "without", but=put_back)
    assert differences(case.put_back, broken(python, without, case.put_back)) == {}
    bare = built.unpack_as_bare_files(tmp_path / "bare")
    assert differences(case.metadata, broken(python, bare, case.metadata)) == {}


def differences(expected: Mapping[str, str], said: Mapping[str, str]) -> dict[str, str]:
    """List the uses that did not fail as expected, and what they said."""
    return {
        use: said.get(use, "it works")
        for use, text in expected.items()
        if text not in said.get(use, "it works")
    }


def test_an_arm64_layer_gets_every_static_check(build: Build, tmp_path: Path) -> None:
    built = build("pandas, cryptography, orjson", more=", architecture: arm64")
    root = built.unpack(tmp_path / "opt")
    found = [elf.read_elf(path.read_bytes()) for path in root.rglob("*.so*")]
    assert len(found) > 50
    assert {library.machine for library in found if library} == {"aarch64"}
    assert max(library.highest("GLIBC") for library in found if library) <= (2, 34)
    assert "may not load" not in built.log
    if os.uname().machine != "aarch64":
        assert "no python3.12 for arm64 on this machine" in built.log
        assert built.report["proof"]["static"] is True
