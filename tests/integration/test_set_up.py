"""The action setting itself up: from whichever index is named, with or without pip, and what it refuses."""

import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess
from types import ModuleType
from typing import TypeAlias

import psutil
import pytest
import uv

from .conftest import REPOSITORY
from .local_index import Request, Response, answers, serving

SetUp: TypeAlias = Callable[..., CompletedProcess[str]]

UV = f'#!/bin/sh\nexec {uv.find_uv_bin()} "$@"\n'
PROGRAM = """\
import helper
import uv

def main(arguments, environ):
    print("started", helper.B, uv.find_uv_bin())
    return 0
"""
OURS = "layer-builder"


@dataclass(kw_only=True)
class Index:
    """An index that remembers who asked for what, and may answer otherwise than a plain one."""

    folder: Path
    is_json: bool = False
    other_bytes: bool = False
    lacks_uv: bool = False
    heard: list[tuple[str, str]] = field(default_factory=list)
    """Paths, and the program that asked."""
    stops: bool = False
    """Whether whoever asks is interrupted, as by Ctrl-C."""

    def answer(self, request: Request) -> Response:
        _, path, headers, _ = request
        agent = headers.get("User-Agent", "").partition("/")[0]
        self.heard.append((path, agent))
        if self.stops:
            _interrupt_set_up()
        if self.lacks_uv and path.endswith("/uv/"):
            return 404, {}, b""
        if self.is_json and "v1+json" not in headers.get("Accept", "") and "/simple/" in path:
            return 406, {}, b""
        status, told, body = answers(self.folder)(request)
        if self.other_bytes and "/files/uv-" in path:
            body += b"more"
        if self.is_json and "v1+json" in headers.get("Accept", "") and "/simple/" in path:
            links = re.findall(r'href="([^"#]+)#sha256=(\w+)"', body.decode())
            files = [
                {"filename": url.rpartition("/")[2], "url": url, "hashes": {"sha256": digest}}
                for url, digest in links
            ]
            document = {"meta": {"api-version": "1.0"}, "name": "x", "files": files}
            kind = {"Content-Type": "application/vnd.pypi.simple.v1+json"}
            return status, kind, json.dumps(document).encode()
        return status, told, body

    def asked_for(self, what: str) -> set[str]:
        """Tell which programs asked for paths that have this in them."""
        return {agent for path, agent in self.heard if what in path}


def _interrupt_set_up() -> None:
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if any(word.endswith("/entrypoint.py") for word in process.cmdline()):
                process.send_signal(signal.SIGINT)


@pytest.fixture
def packages(tmp_path: Path) -> Iterator[tuple[Index, str]]:
    """Serve the index of the wheels that the action's locks name; gives it and its address."""
    (tmp_path / "index").mkdir(exist_ok=True)
    held = Index(folder=tmp_path / "index")
    with serving(held.answer) as url:
        yield held, url


@pytest.fixture
def action(tmp_path: Path, add_wheel: Callable[..., Path]) -> Path:
    """Give an action whose locks name made-up wheels; its uv is the real one, by a script."""
    folder = tmp_path / "action"
    (folder / "requirements").mkdir(parents=True)
    (folder / "layer_builder").mkdir()
    (folder / "layer_builder/main.py").write_text(PROGRAM)
    shutil.copy(REPOSITORY / "entrypoint.py", folder)
    real = Path(uv.__file__).parent
    modules = {f"uv/{path.name}": path.read_text() for path in real.glob("*.py")}
    wheels = {
        "uv": add_wheel("uv", "1.0", {**modules, "uv-1.0.data/scripts/uv": UV}),
        "build": add_wheel("helper", "1.0", {"helper.py": "B = 1\n"}),
    }
    for lock, wheel in wheels.items():
        name, version, *_ = wheel.name.split("-")
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        text = f"{name}=={version} \\\n    --hash=sha256:{digest}\n"
        (folder / f"requirements/{lock}.txt").write_text(text)
    return folder


@pytest.fixture
def set_up(action: Path, tmp_path: Path) -> SetUp:
    """Have the action set itself up for `build`; `env` names the index."""

    def start(python: str = sys.executable, **env: str) -> CompletedProcess[str]:
        around: Mapping[str, str] = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "PIP_NO_CACHE_DIR": "1",
            "PIP_RETRIES": "0",
            "UV_HTTP_RETRIES": "0",
            "INPUT_COMMAND": "build",
        }
        words = [python, "-I", str(action / "entrypoint.py")]
        return subprocess.run(
            words, env={**around, **env}, cwd=tmp_path, capture_output=True, encoding="utf-8",
            check=False,
        )  # fmt: skip

    return start


@pytest.fixture
def entrypoint() -> ModuleType:
    """Give the entry point, to ask it."""
    spec = importlib.util.spec_from_file_location("entrypoint", REPOSITORY / "entrypoint.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def without_pip(folder: Path) -> str:
    """Make a Python that has no pip."""
    words = [sys.executable, "-m", "venv", "--without-pip", str(folder)]
    subprocess.run(words, check=True)
    return str(folder / "bin/python")


@pytest.mark.parametrize("is_json", [False, True], ids=["html", "json"])
def test_uv_is_fetched_without_pip(
    set_up: SetUp, packages: tuple[Index, str], tmp_path: Path, is_json: object
) -> None:
    held, url = packages
    held.is_json = bool(is_json)
    done = set_up(without_pip(tmp_path / "bare"), PIP_INDEX_URL=f"{url}/simple")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("started 1 ")
    assert held.asked_for("/uv") == {OURS}
    assert held.asked_for("/files/uv-") == {OURS}
    assert held.asked_for("/helper") == {"uv"}


@pytest.mark.parametrize("is_json", [False, True], ids=["html", "json"])
def test_the_login_of_the_index_is_part_of_its_address(
    set_up: SetUp, packages: tuple[Index, str], is_json: object
) -> None:
    held, url = packages
    held.is_json = bool(is_json)
    done = set_up(PIP_INDEX_URL=url.replace("//", "//user:hunter2@") + "/private/simple")
    assert done.returncode == 0, done.stderr
    assert held.asked_for("/uv") == {OURS}
    assert all(path.startswith(("/private/", "/files/")) for path, _ in held.heard)
    assert "hunter2" not in done.stdout + done.stderr


def test_a_wheel_with_other_bytes_is_refused_by_us_and_by_pip(
    set_up: SetUp, packages: tuple[Index, str], tmp_path: Path
) -> None:
    held, url = packages
    held.other_bytes = True
    done = set_up(PIP_INDEX_URL=f"{url}/simple")
    assert (done.returncode, done.stdout) == (3, "")
    assert "uv-1.0-py3-none-any.whl has other bytes than are locked" in done.stderr
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in done.stderr
    assert held.asked_for("/files/uv-") == {OURS, "pip"}
    assert list((tmp_path / ".cache/layer-builder").iterdir()) == []


@pytest.mark.parametrize("how", ["PIP_CONFIG_FILE", "XDG_CONFIG_HOME", "UV_DEFAULT_INDEX"])
def test_whoever_names_the_index_all_of_set_up_asks_it(
    set_up: SetUp, packages: tuple[Index, str], tmp_path: Path, how: str
) -> None:
    held, url = packages
    file = tmp_path / "config/pip/pip.conf"
    file.parent.mkdir(parents=True)
    file.write_text(f"[global]\nindex-url = {url}/simple\n")
    value = {
        "PIP_CONFIG_FILE": str(file),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "UV_DEFAULT_INDEX": f"own={url}/simple",
    }[how]
    done = set_up(**{how: value})
    assert done.returncode == 0, done.stderr
    assert {path for path, _ in held.heard if "/simple/" in path} == {"/simple/uv/", "/simple/helper/"}  # fmt: skip


def test_uv_is_unpacked_once_and_its_record_is_right(
    set_up: SetUp, packages: tuple[Index, str], tmp_path: Path
) -> None:
    _, url = packages
    done = set_up(PIP_INDEX_URL=f"{url}/simple")
    assert done.stderr == "setting up layer-builder (once)\n"
    [home] = (tmp_path / ".cache/layer-builder").iterdir()
    assert done.stdout == f"started 1 {home}/bin/uv\n"
    assert [path for path in home.rglob("uv") if path.is_file()] == [home / "bin/uv"]
    [record] = home.glob("lib/python*/site-packages/uv-1.0.dist-info/RECORD")
    rows = [line.split(",") for line in record.read_text().splitlines()]
    for path, digest, _ in rows:
        assert (record.parents[1] / path).resolve().is_file(), path
        assert digest or path.endswith("RECORD")
    assert (home / "bin/uv").stat().st_mode & 0o777 == 0o755
    again = set_up(PIP_INDEX_URL=f"{url}/nowhere")
    assert (again.returncode, again.stdout, again.stderr) == (0, done.stdout, "")


def test_what_is_never_loaded_is_left_out_and_the_rest_stays_sealed(
    set_up: SetUp,
    packages: tuple[Index, str],
    action: Path,
    add_wheel: Callable[..., Path],
    tmp_path: Path,
) -> None:
    files = {
        "pydantic/__init__.py": "", "pydantic/v1/__init__.py": "", "pydantic/v1/fields.py": "A = 1\n",
        "pydantic/main.pyi": "", "cyclonedx/schema/_res/__init__.py": "",
        "cyclonedx/schema/_res/bom-1.6.SNAPSHOT.schema.json": "{}",
        "cyclonedx/schema/_res/spdx.SNAPSHOT.schema.json": "{}",
        "helper-2.0.dist-info/sboms/a.cdx.json": "{}", "helper.py": "B = 2\n",
    }  # fmt: skip
    digest = hashlib.sha256(add_wheel("helper", "2.0", files).read_bytes()).hexdigest()
    lock = action / "requirements/build.txt"
    lock.write_text(f"helper==2.0 \\\n    --hash=sha256:{digest}\n")
    _, url = packages
    done = set_up(PIP_INDEX_URL=f"{url}/simple")
    assert done.returncode == 0, done.stderr
    [site] = (tmp_path / ".cache/layer-builder").glob("*/lib/python*/site-packages")
    is_left = {name: (site / name).exists() for name in files}
    assert [name for name in files if not is_left[name]] == [
        "pydantic/v1/__init__.py", "pydantic/v1/fields.py", "pydantic/main.pyi",
        "cyclonedx/schema/_res/bom-1.6.SNAPSHOT.schema.json",
        "helper-2.0.dist-info/sboms/a.cdx.json",
    ]  # fmt: skip
    assert not list((site / "pydantic/v1").rglob("*.pyc"))
    # It is found complete the next time, and what was left out may not come back.
    again = set_up(PIP_INDEX_URL=f"{url}/nowhere")
    assert (again.returncode, again.stderr) == (0, "")
    (site / "pydantic/v1/fields.py").write_text("A = 1\n")
    assert "files that no RECORD has were added" in set_up(PIP_INDEX_URL=f"{url}/simple").stderr


def test_a_build_loads_nothing_of_what_is_left_out(
    entrypoint: ModuleType, workspace: Path, add_wheel: Callable[..., Path], environ: dict[str, str]
) -> None:
    """All that a build, its policy, its SBOM and its page load is still there."""
    add_wheel("free", "1.0", {"free.py": "A = 1\n"}, headers=["License-Expression: MIT"])
    (workspace / "layers.yml").write_text(
        f'version: 1\npython: "{sys.version_info[0]}.{sys.version_info[1]}"\nproof: static\n'
        'licenses: {deny: ["GPL-*"]}\nlayers:\n  core: {packages: [free]}\n'
    )
    words = [
        "import os, sys; from layer_builder.main import main",
        "main(['build'], os.environ)",
        "print(*(m.__file__ for m in list(sys.modules.values()) if getattr(m, '__file__', None)), sep='\\n')",
    ]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(words)],
        env={**environ}, cwd=workspace, capture_output=True, text=True, check=True,
    )  # fmt: skip
    loaded = [line.partition("/site-packages/")[2] for line in done.stdout.splitlines()]
    assert {"cyclonedx", "license_expression", "jinja2", "pydantic"} <= {
        path.partition("/")[0] for path in loaded
    }, done.stderr
    # The parser in C is tried, and done without where there is none: https://pyyaml.org/wiki/PyYAMLDocumentation
    left = {path.partition("/")[0] for path in loaded if entrypoint.LEFT_OUT.match(path)}
    assert left <= {"yaml"}


@pytest.mark.parametrize(
    ("env", "where"),
    [
        ({"RUNNER_TEMP": "temp"}, "temp"),
        ({"RUNNER_TEMP": "temp", "RUNNER_TOOL_CACHE": "tools"}, "temp"),
        ({"RUNNER_TEMP": "temp", "RUNNER_TOOL_CACHE": "tools", "RUNNER_ENVIRONMENT": "self-hosted"}, "tools"),
        ({"RUNNER_TEMP": "temp", "RUNNER_ENVIRONMENT": "self-hosted"}, "temp"),
        ({"RUNNER_TOOL_CACHE": "tools", "RUNNER_ENVIRONMENT": "github-hosted"}, ".cache"),
        ({"XDG_CACHE_HOME": "xdg"}, "xdg"),
    ],
)  # fmt: skip
def test_self_hosted_runners_keep_it_in_their_tool_cache(
    set_up: SetUp, packages: tuple[Index, str], tmp_path: Path, env: Mapping[str, str], where: str
) -> None:
    _, url = packages
    folders = {name: str(tmp_path / value) if name != "RUNNER_ENVIRONMENT" else value for name, value in env.items()}  # fmt: skip
    done = set_up(PIP_INDEX_URL=f"{url}/simple", **folders)
    assert done.returncode == 0, done.stderr
    assert [path.parent.parent for path in tmp_path.glob("*/layer-builder/build-*")] == [
        tmp_path / where
    ]


@pytest.mark.parametrize(
    ("words", "env", "lock"),
    [
        (["build"], {}, "build"),
        (["plan"], {}, "build"),
        (["lock"], {}, "build"),
        (["schema"], {}, "build"),
        (["publish"], {}, "run"),
        (["attach"], {}, "run"),
        (["promote"], {}, "run"),
        (["versions"], {}, "run"),
        (["build", "--aws-region", "eu-west-1"], {}, "run"),
        (["build", "--aws-region=eu-west-1"], {}, "run"),
        (["publish", "--sandbox"], {}, "sandbox"),
        (["build", "--sandbox"], {}, "sandbox"),
        ([], {"INPUT_COMMAND": "build"}, "build"),
        ([], {"INPUT_COMMAND": " build\n"}, "build"),
        ([], {"INPUT_COMMAND": "build", "INPUT_AWS-REGION": "eu-west-1"}, "run"),
        ([], {"INPUT_COMMAND": "publish"}, "run"),
        ([], {"INPUT_COMMAND": "publish", "INPUT_SANDBOX": "true"}, "sandbox"),
        ([], {"INPUT_COMMAND": "build", "INPUT_SANDBOX": "false"}, "build"),
        ([], {}, "run"),
    ],
)
def test_a_run_gets_the_lock_that_it_needs(
    entrypoint: ModuleType, monkeypatch: pytest.MonkeyPatch, words: list[str], env: dict[str, str],
    lock: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
    assert entrypoint.choose_lock(words, env) == lock


def test_what_fails_in_a_workflow_is_an_annotation_and_stands_in_the_summary(
    set_up: SetUp, packages: tuple[Index, str], tmp_path: Path
) -> None:
    held, url = packages
    held.lacks_uv = True
    summary = tmp_path / "summary.md"
    workflow = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary), "RUNNER_DEBUG": "1"}
    done = set_up(without_pip(tmp_path / "bare"), PIP_INDEX_URL=f"{url}/simple", **workflow)
    assert done.returncode == 3
    [annotation] = done.stdout.splitlines()
    assert annotation.startswith(
        "::error::layer-builder could not set itself up; the command was: "
    )
    assert (
        "%0A  uv was not had from the index by what Python has itself, and this Python has no pip"
        in annotation
    )
    assert "ensurepip" in annotation
    assert "debug: set-up runs " in done.stderr
    told = summary.read_text()
    assert told.startswith("### Layers: not set up\n\n```\nlayer-builder could not set itself up")
    assert "HTTP Error 404" in told
    assert told.endswith("\n```\n")


HOSTILE = "%0A::add-mask::a ##[add-mask]b ```` \r\n::error::c\x1b[31m"


def test_nothing_that_is_told_commands_the_runner_or_leaves_its_fence(
    entrypoint: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    with pytest.raises(SystemExit):
        entrypoint.fail(HOSTILE, [HOSTILE], 3, told=HOSTILE)
    out, err = capfd.readouterr()
    assert out.startswith(
        "::error::%250A: :add-mask: :a # #[add-mask]b ```` ??: :error: :c?[31m%0A  %250A"
    )
    assert out.count("\n") == 1
    assert not re.search(r"^\s*::|##\[|\r|\x1b", err, re.MULTILINE)
    lines = (tmp_path / "summary.md").read_text().splitlines()
    assert [number for number, line in enumerate(lines) if line == "`````"] == [2, len(lines) - 1]


@pytest.mark.parametrize(
    ("who", "said"),
    [
        (("win32", (3, 12)), "layer-builder runs on Linux; this is Windows"),
        (("darwin", (3, 12)), "layer-builder runs on Linux; this is macOS"),
        (("linux", (3, 7)), "layer-builder starts with Python 3.8 or later; python3 is 3.7"),
    ],
)
def test_where_it_cannot_run_that_is_said_before_anything_is_fetched(
    action: Path, packages: tuple[Index, str], tmp_path: Path,
    who: tuple[str, tuple[int, int]], said: str,
) -> None:  # fmt: skip
    held, url = packages
    program = (
        "import runpy, sys\n"
        f"sys.path.insert(0, {str(action)!r})\n"
        "import entrypoint\n"
        f"sys.platform, sys.version_info = {who!r}\n"
        "entrypoint.start()\n"
    )
    env = {"PIP_INDEX_URL": f"{url}/simple", "HOME": str(tmp_path), "GITHUB_ACTIONS": "true"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 2, done.stderr
    assert done.stdout.startswith(f"::error::{said}%0A  ")
    assert ("runs-on: ubuntu-24.04" in done.stdout) == (who[0] != "linux")
    assert held.heard == []


@pytest.mark.parametrize(
    "said",
    [
        "error: No interpreter found for Python >=3.11 in managed installations or search path",
        "error: Failed to download https://github.com/astral-sh/python-build-standalone/…",
    ],
)
def test_an_old_python_that_finds_no_newer_one_is_told_what_to_put_before(
    entrypoint: ModuleType, said: str
) -> None:
    assert any("actions/setup-python" in line for line in entrypoint.advise(said, {}))


def test_the_program_starts_alone_and_its_exit_code_is_the_steps(
    set_up: SetUp, packages: tuple[Index, str], action: Path, tmp_path: Path
) -> None:
    _, url = packages
    (action / "layer_builder/main.py").write_text(
        "import sys\ndef main(arguments, environ):\n    print(sys.flags.isolated)\n    return 6\n"
    )
    (tmp_path / "caller").mkdir()
    (tmp_path / "caller/layer_builder.py").write_text(
        'raise SystemExit("the caller is imported")\n'
    )
    done = set_up(PIP_INDEX_URL=f"{url}/simple", PYTHONPATH=str(tmp_path / "caller"))
    assert (done.returncode, done.stdout) == (6, "1\n"), done.stderr


def test_who_stops_it_while_it_is_set_up_reads_one_line(
    set_up: SetUp, packages: tuple[Index, str]
) -> None:
    index, url = packages
    index.stops = True
    done = set_up(PIP_INDEX_URL=f"{url}/simple")
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.splitlines()[-2:] == [
        "error: layer-builder was stopped while it set itself up",
        "  nothing was built or published",
    ]
    assert "Traceback" not in done.stderr


def test_who_stops_it_while_it_loads_reads_nothing(
    set_up: SetUp, packages: tuple[Index, str], action: Path
) -> None:
    _, url = packages
    (action / "layer_builder/main.py").write_text(
        "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(60)\n"
    )
    done = set_up(PIP_INDEX_URL=f"{url}/simple")
    assert (done.returncode, "Traceback" in done.stderr) == (-signal.SIGINT, False)
