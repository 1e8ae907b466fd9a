"""Layouts that other tools are tried on, each with the packages that it asks for there.

They are those of serverless-python-requirements (`tests/`), SAM (aws-sam-cli
`tests/integration/testdata/buildcmd/`, aws-lambda-builders
`tests/integration/workflows/python_pip/testdata/`) and CDK's PythonFunction (aws-cdk
`packages/@aws-cdk/aws-lambda-python-alpha/test/`): what they hold, in files of our own. Each builds and is
proven, or is refused for the one right reason.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest

from .tools import INDEX, MIRROR, PYTHON, TOOLS, index

pytestmark = pytest.mark.network

Run: TypeAlias = Callable[..., CompletedProcess[str]]
MACHINE = os.uname().machine.replace("aarch64", "arm64")
HEAD = f'version: 1\npython: "{PYTHON}"\narchitecture: {MACHINE}\ncompression: fast\nlayers:\n'
FILE, PROJECT = "{requirements: requirements.txt}", "{project: {path: .}}"


def poetry(more: str, name: str = "poetry") -> str:
    return (
        f'[tool.poetry]\nname = "{name}"\nversion = "0.1.0"\ndescription = ""\nauthors = []\n'
        f'[tool.poetry.dependencies]\npython = "^3.10"\n{more}'
    )


def standard(*needs: str, more: str = "") -> str:
    return (
        '[project]\nname = "example"\nversion = "1.0.0"\nrequires-python = ">=3.10"\n'
        f"dependencies = {json.dumps(needs)}\n{more}"
    )


Files: TypeAlias = Mapping[str, str]
BUILT: Mapping[str, tuple[str, Files, set[str]]] = {
    "serverless: base": (
        FILE,
        {"requirements.txt": "flask==2.2.5\nbottle\nboto3\n"},
        {"flask", "bottle", "boto3"},
    ),
    "serverless: nested": (
        "{requirements: requirements-w-nested.txt}",
        {
            "requirements-w-nested.txt": "flask\nbottle\n-r requirements-common.txt\n",
            "requirements-common.txt": "boto3\n",
        },
        {"flask", "bottle", "boto3"},
    ),
    "serverless: non_build_pyproject": (
        FILE,
        {
            "requirements.txt": "flask==3.0.3\n",
            "pyproject.toml": "[tool.black]\nline-length = 79\n",
        },
        {"flask"},
    ),
    "serverless: poetry_packages, unlocked": (
        "{project: {path: ., groups: custom2}}",
        {"pyproject.toml": poetry('Flask = "^3.0"\n[tool.poetry.group.custom2.dependencies]\nboto3 = "^1.9"\n')},
        {"boto3"},
    ),
    "serverless: poetry_individually": (
        "{project: {path: module1}}",
        {"module1/pyproject.toml": poetry('Flask = "3.0.3"\n')},
        {"flask"},
    ),
    "serverless: pyproject_packages_optional": (
        "{project: {path: ., extras: [test]}}",
        {"pyproject.toml": standard("flask", more='[project.optional-dependencies]\ntest = ["iniconfig"]\n')},
        {"flask", "iniconfig"},
    ),
    "serverless: install_folder_as_package": (
        "{project: {path: .}, include: {from: src/, to: python/}}",
        {
            "pyproject.toml": standard("flask"),
            "src/example/handler.py": "from example.helper import greeting\n",
            "src/example/helper.py": "greeting = 'hello'\n",
        },
        {"flask"},
    ),
    "SAM: Python": (
        FILE,
        {
            "requirements.txt": "# Hard to build\n\n# NOTE: a comment\nnumpy<1.20.3; python_version <= '3.9'\n"
            "numpy==1.26.4; python_version >= '3.10' and python_version < '3.13'\n"
            "numpy==2.3.4; python_version >= '3.13'\n# cryptography~=2.4\n",
        },
        {"numpy"},
    ),
    "SAM: requirements-legacy": (
        FILE, {"requirements.txt": "inflate64==0.1.4"}, {"inflate64"},
    ),
    "SAM: PythonPyProject": (
        PROJECT,
        {
            "pyproject.toml": '[project]\nname = "python-uv-test"\nversion = "0.1.0"\ndependencies = [\n'
            "  \"markupsafe==2.1.5; python_version <= '3.9'\",\n"
            "  \"markupsafe==3.0.2; python_version >= '3.10' and python_version < '3.14'\",\n"
            "  \"markupsafe==3.0.3; python_version >= '3.14'\",\n  \"cryptography==3.3.2\",\n]\n",
        },
        {"markupsafe", "cryptography"},
    ),
    "SAM: PythonParentPackages": (
        "{requirements: src/fntwo/requirements.txt, include: {from: src/, to: python/src/}}",
        {
            "src/__init__.py": "",
            "src/fntwo/__init__.py": "",
            "src/fntwo/main.py": "import greenlet\nfrom src import fntwo\n",
            "src/fntwo/requirements.txt": "greenlet==3.2.4\n",
        },
        {"greenlet"},
    ),
    "SAM: a local dependency": (
        FILE,
        {
            "requirements.txt": "./local-dependencies\n",
            "local-dependencies/setup.py": "from setuptools import setup\n"
            "setup(name='add-numbers', version='1.0', packages=['add_numbers'])\n",
            "local-dependencies/add_numbers/__init__.py": "def add(a, b):\n    return a + b\n",
        },
        {"add-numbers"},
    ),
    "CDK: lambda-handler": (
        FILE,
        {
            "requirements.txt": "# Lock versions of pip packages\ncertifi==2024.7.4\nchardet==3.0.4\nidna==3.7\n"
            "urllib3==2.4.0\n# Requests used by this lambda\nrequests==2.32.4\n",
        },
        {"certifi", "chardet", "idna", "urllib3", "requests"},
    ),
    "CDK: lambda-handler-nodeps": ("{include: index.py}", {"index.py": "import json\n"}, set()),
    "CDK: lambda-handler-poetry, unlocked": (
        PROJECT, {"pyproject.toml": poetry('requests = "^2.32.3"\n')}, {"requests"},
    ),
    "CDK: lambda-handler-uv, unlocked": (
        PROJECT, {"pyproject.toml": standard("requests>=2.32.3")}, {"requests"},
    ),
}  # fmt: skip
LOCKED: Mapping[str, tuple[str, str, str, set[str]]] = {
    "serverless: pipenv": (
        "pipenv",
        PROJECT,
        f'[[source]]\nname = "pypi"\nurl = "{INDEX}"\nverify_ssl = true\n\n[packages]\nFlask = "==3.0.3"\nbottle = "*"\n'
        '\n[dev-packages]\npytest = "*"\n',
        {"flask", "bottle"},
    ),
    "serverless: poetry": (
        "poetry",
        PROJECT,
        poetry('Flask = "^3.0"\nbottle = "*"\n[tool.poetry.dev-dependencies]\n') + MIRROR,
        {"flask", "bottle"},
    ),
    "serverless: poetry_packages": (
        "poetry",
        "{project: {path: ., groups: [custom1, custom2]}}",
        poetry(
            'Flask = "^3.0"\n[tool.poetry.group.custom1.dependencies]\nbottle = "*"\n'
            '[tool.poetry.group.custom2.dependencies]\nidna = "^3.9"\n'
        )
        + MIRROR,
        {"bottle", "idna"},
    ),
    "serverless: uv": (
        "uv",
        PROJECT,
        standard("bottle", "flask==3.0.3", more='[tool.uv]\ndev-dependencies = ["pytest>=8.3.3"]\n'),
        {"bottle", "flask"},
    ),
    "CDK: lambda-handler-pipenv": (
        "pipenv",
        PROJECT,
        f'[[source]]\nname = "pypi"\nurl = "{INDEX}"\nverify_ssl = true\n\n[packages]\nrequests = "==2.32.4"\n',
        {"requests"},
    ),
    "CDK: lambda-handler-poetry": (
        "poetry", PROJECT, poetry('requests = "^2.32.3"\n') + MIRROR, {"requests"},
    ),
    "CDK: lambda-handler-uv": ("uv", PROJECT, standard("requests>=2.32.3"), {"requests"}),
}  # fmt: skip
GIT = "git+ssh://git@github.com/boto/boto3.git#egg=boto3"
REFUSED: Mapping[str, tuple[str, Files, int, str]] = {
    "serverless: a branch of git": (
        FILE, {"requirements.txt": f"flask\nbottle\n{GIT}\n"}, 2, "requirements.txt:3:1: layer core: "),
    "serverless: poetry with a tag of git": (
        PROJECT,
        {"pyproject.toml": poetry('bottle = {git = "https://git@github.com/bottlepy/bottle.git", tag = "0.12.16"}\n')},
        2, "bottle"),
    "serverless: uv with a tag of git, unlocked": (
        PROJECT,
        {"pyproject.toml": standard(
            "bottle", more='[tool.uv.sources]\nbottle = { git = "https://github.com/bottlepy/bottle.git", rev = "0.12.16" }\n')},
        2, "bottle is to come from a source of its own, which only a lock makes safe: `uv lock` writes one"),
    "serverless: pipenv without a lock": (
        PROJECT, {"Pipfile": '[packages]\nFlask = "==3.0.3"\n'}, 2, "→ `pipenv lock` writes one"),
    "serverless: non_poetry_pyproject": (
        PROJECT, {"pyproject.toml": "[tool.black]\nline-length = 79\n"}, 2, "pyproject.toml asks for nothing"),
    "serverless: a Flask that its Werkzeug has outgrown": (
        FILE, {"requirements.txt": "flask==2.0.3\n"}, 4, "from 'werkzeug"),
    "serverless: hashes of releases without a wheel": (
        FILE,
        {"requirements.txt": "markupsafe==1.1.0 \\\n"
         "    --hash=sha256:4e97332c9ce444b0c2c38dd22ddc61c743eb208d916e4265a2a3b575bdccb1d3 \\\n    # via jinja2\n"},
        3, "markupsafe==1.1.0"),
    "serverless: example_native_deps": (
        FILE, {"requirements.txt": "numpy==1.22.0\nscipy==1.0.0\nsklearn==0.0"}, 3, "layer core: "),
    "SAM: PythonImage": (FILE, {"requirements.txt": "# hard to build\nnumpy<1.20.3\n"}, 3, "numpy"),
    "SAM: requirements-invalid": (
        FILE, {"requirements.txt": "boto3=1.19.99"}, 2, "requirements.txt:1:1: layer core: 'boto3=1.19.99'"),
    "SAM: requirements-inflate": (        FILE,
        {"requirements.txt": "inflate64==1.0.0; python_version >= '3.8' --no-binary=:inflate64:"},
        2, "requirements.txt:1:1: layer core: "),
}  # fmt: skip


@pytest.fixture
def build(run: Run, workspace: Path) -> Callable[[str], CompletedProcess[str]]:
    """Build one layer with the real index."""
    mine = {n: value for n, value in os.environ.items() if not n.startswith(("AWS_", "PYTHON"))}

    def start(entry: str) -> CompletedProcess[str]:
        (workspace / "layers.yml").write_text(f"{HEAD}  core: {entry}\n")
        return run("build", env={"UV_CACHE_DIR": None, **mine, "UV_DEFAULT_INDEX": index()})

    return start


def write(folder: Path, files: Files) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)


def holds(folder: Path) -> set[str]:
    (layer,) = json.loads((folder / "dist/layers/report.json").read_text())["layers"]
    return {one["name"] for one in layer["packages"]}


@pytest.mark.parametrize("name", BUILT)
def test_a_layout_builds(
    build: Callable[[str], CompletedProcess[str]], workspace: Path, name: str
) -> None:
    entry, files, expected = BUILT[name]
    write(workspace, files)
    done = build(entry)
    assert done.returncode == 0, done.stderr
    assert holds(workspace) >= expected


@pytest.mark.parametrize(
    "name",
    [
        # CDK's are locked by the same tools.
        pytest.param(name, marks=(pytest.mark.nightly,) if name.startswith("CDK") else ())
        for name in LOCKED
    ],
)
def test_a_layout_with_a_lock_builds(
    build: Callable[[str], CompletedProcess[str]], workspace: Path, name: str
) -> None:
    tool, entry, content, expected = LOCKED[name]
    replace(TOOLS[tool], template=content).make(workspace)
    done = build(entry)
    assert done.returncode == 0, done.stderr
    assert holds(workspace) >= expected
    assert "pytest" not in holds(workspace)
    assert "flask" not in holds(workspace) or "flask" in expected


@pytest.mark.parametrize("name", REFUSED)
def test_a_layout_is_refused_for_one_reason(
    build: Callable[[str], CompletedProcess[str]], workspace: Path, name: str
) -> None:
    entry, files, code, said = REFUSED[name]
    write(workspace, files)
    done = build(entry)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith("error: ")]) == 1
