"""Whose package index is used, and that nothing else of the caller's uv settings is."""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]

# This machine's own Python: any other would be looked for, in a workflow even downloaded.
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
MANIFEST = f'version: 1\npython: "{PYTHON}"\nlayers:\n  demo: {{requirements: requirements.txt}}\n'


@pytest.fixture(autouse=True)
def _(workspace: Path, add_wheel: Add) -> None:
    (workspace / "layers.yml").write_text(MANIFEST)
    (workspace / "requirements.txt").write_text("demo\n")
    add_wheel("demo", "1.0", {"demo.py": ""})
    add_wheel("demo", "2.0", {"demo.py": ""})


def versions(workspace: Path) -> dict[str, str]:
    """Read from the report which version of each distribution was taken."""
    report = json.loads((workspace / "dist/layers/report.json").read_text())
    return {p["name"]: p["version"] for layer in report["layers"] for p in layer["packages"]}


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("UV_DEFAULT_INDEX", "{url}"),
        ("UV_INDEX_URL", "{url}"),
        ("PIP_INDEX_URL", "{url}"),
        ("workspace/uv.toml", 'index-url = "{url}"\n'),
        ("workspace/uv.toml", '[[index]]\nname = "ours"\nurl = "{url}"\ndefault = true\n'),
        ("workspace/uv.toml", '[pip]\nindex-url = "{url}"\n'),
        ("workspace/pyproject.toml", '[[tool.uv.index]]\nurl = "{url}"\ndefault = true\n'),
        ("workspace/pyproject.toml", '[tool.uv]\nindex-url = "{url}"\n'),
        ("home/.config/uv/uv.toml", 'index-url = "{url}"\n'),
        ("workspace/requirements.txt", "--index-url {url}\ndemo\n"),
    ],
)
def test_the_callers_index_is_used(  # noqa: PLR0913, PLR0917 (the table's columns)
    run: Run, workspace: Path, tmp_path: Path, index: str, place: str, text: str
) -> None:
    env: dict[str, str | None] = {"UV_DEFAULT_INDEX": None}
    text = text.format(url=f"{index}/simple")
    if "/" in place:
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(text)
    else:
        env |= {place: text}
    done = run("build", env=env)
    assert done.returncode == 0, done.stderr
    assert versions(workspace) == {"demo": "2.0"}


LOGIN = {"UV_INDEX_OURS_USERNAME": "user", "UV_INDEX_OURS_PASSWORD": "hunter2"}


def test_a_named_index_gets_its_password_from_the_environment(run: Run, index: str) -> None:
    done = run("build", env={"UV_DEFAULT_INDEX": f"ours={index}/private/simple"} | LOGIN)
    assert done.returncode == 0, done.stderr


def test_the_users_own_uv_file_may_name_an_index(run: Run, tmp_path: Path, index: str) -> None:
    own = tmp_path / "home/.config/uv/uv.toml"
    own.parent.mkdir(parents=True)
    own.write_text(f'[[index]]\nname = "ours"\nurl = "{index}/private/simple"\ndefault = true\n')
    done = run("build", env={"UV_DEFAULT_INDEX": None} | LOGIN)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def sent(serve: Callable[..., str]) -> tuple[str, list[str]]:
    """Stand where a repository would have logins sent to; gives the address and what came."""
    came: list[str] = []

    def answer(
        request: tuple[str, str, Mapping[str, str], bytes],
    ) -> tuple[int, dict[str, str], bytes]:
        came.append(f"{request[1]} {request[2].get('Authorization', '')}")
        return 401, {"WWW-Authenticate": 'Basic realm="index"'}, b""

    return serve(answer), came


@pytest.mark.parametrize("file", ["uv.toml", "pyproject.toml"])
def test_no_password_goes_where_a_file_of_the_repository_says(
    run: Run, workspace: Path, sent: tuple[str, list[str]], file: str
) -> None:
    address, came = sent
    table = "index" if file == "uv.toml" else "tool.uv.index"
    (workspace / file).write_text(f'[[{table}]]\nname = "ours"\nurl = "{address}/simple"\n')
    done = run("build", env=LOGIN)
    assert done.returncode == 3, done.stderr
    assert came
    assert [line for line in came if not line.endswith(" ")] == []
    assert (
        f"warning: {file}: the index ours gets no login: UV_INDEX_OURS_PASSWORD is sent only where a"
        " variable of the environment says\n  → set UV_INDEX=ours=https://"
    ) in done.stderr


@pytest.mark.parametrize("rest", ["{address}/${{UV_INDEX_OURS_PASSWORD}}/simple",
                                  "http://u:${{UV_INDEX_OURS_PASSWORD}}@{host}/simple"])  # fmt: skip
def test_no_password_goes_where_a_requirements_file_says(
    run: Run, workspace: Path, sent: tuple[str, list[str]], rest: str
) -> None:
    address, came = sent
    line = rest.format(address=address, host=address.removeprefix("http://"))
    (workspace / "requirements.txt").write_text(f"--extra-index-url {line}\ndemo\n")
    done = run("build", env=LOGIN)
    assert (done.returncode, came) == (2, [])
    assert "requirements.txt:1:1: layer demo: --extra-index-url " in done.stderr


def test_a_requirements_file_may_log_in_at_the_callers_own_index(
    run: Run, workspace: Path, index: str
) -> None:
    host = index.removeprefix("http://")
    login = "http://user:${UV_INDEX_OURS_PASSWORD}"
    (workspace / "requirements.txt").write_text(
        f"--index-url {login}@{host}/private/simple\ndemo\n"
    )
    done = run("build", env=LOGIN | {"UV_DEFAULT_INDEX": f"{index}/private/simple"})
    assert done.returncode == 0, done.stderr


def test_a_variable_wins_over_a_file(run: Run, workspace: Path) -> None:
    (workspace / "uv.toml").write_text('index-url = "http://127.0.0.1:9/simple"\n')
    done = run("build")
    assert done.returncode == 0, done.stderr


def test_the_uv_settings_of_the_folder_above_count_too(
    run: Run, workspace: Path, index: str
) -> None:
    (workspace / ".git").mkdir()
    (workspace / "uv.toml").write_text(f'index-url = "{index}/simple"\n')
    inner = workspace / "service"
    inner.mkdir()
    (workspace / "layers.yml").rename(inner / "layers.yml")
    (workspace / "requirements.txt").rename(inner / "requirements.txt")
    done = run("build", "--manifest", "service/layers.yml", env={"UV_DEFAULT_INDEX": None})
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("pyproject.toml", "this is [not TOML\n"),
        ("pyproject.toml", b"\xff\xfe"),
        ("pyproject.toml", "tool = 1\n"),
        ("pyproject.toml", '[tool]\nuv = "yes"\n'),
        ("pyproject.toml", "[tool.uv]\nindex = 7\n"),
        ("pyproject.toml", '[tool.uv]\nindex = ["ours"]\n'),
        ("uv.toml", 'pip = "no"\n'),
        ("uv.toml", "extra-index-url = 'http://127.0.0.1:9'\n"),
        ("uv.toml", "extra-index-url = 7\n"),
        ("uv.toml", "[[index]]\nname = 'ours'\n"),
    ],
)
def test_a_broken_file_of_uvs_is_told_and_stops_nothing(
    run: Run, workspace: Path, file: str, text: str | bytes
) -> None:
    (workspace / file).write_bytes(text if isinstance(text, bytes) else text.encode())
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert f"warning: {file}: its index settings are not used, since" in done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("UV_EXCLUDE_NEWER", "2001-01-01"),
        ("UV_PYTHON", "3.99"),
        ("UV_LINK_MODE", "symlink"),
        ("UV_RESOLUTION", "lowest"),
        ("UV_CONSTRAINT", "constraints.txt"),
        ("UV_OVERRIDE", "constraints.txt"),
        ("UV_CONFIG_FILE", "constraints.txt"),
    ],
)
def test_no_other_variable_of_the_caller_has_a_say(
    run: Run, workspace: Path, name: str, value: str
) -> None:
    (workspace / "constraints.txt").write_text("demo<2\n")
    done = run("build", env={name: value})
    assert done.returncode == 0, done.stderr
    assert versions(workspace) == {"demo": "2.0"}


@pytest.mark.parametrize(
    "setting",
    ['exclude-newer = "2001-01-01"', 'resolution = "lowest"', 'constraint-dependencies = ["demo<2"]'],
)  # fmt: skip
def test_no_other_setting_of_a_uv_file_has_a_say(run: Run, workspace: Path, setting: str) -> None:
    (workspace / "pyproject.toml").write_text(f"[tool.uv]\n{setting}\n")
    (workspace / "uv.toml").write_text(f"{setting}\n")
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert versions(workspace) == {"demo": "2.0"}


@pytest.mark.parametrize("place", ["environment", "requirements.txt", "uv.toml"])
@pytest.mark.parametrize(
    ("password", "asked", "code"),
    [("hunter2", "demo", 0), ("hunter2", "demo>7", 3), ("hunter2", "absent", 3),
     ("hunter3", "demo", 3)],
)  # fmt: skip
def test_a_password_in_an_index_url_is_never_told(  # noqa: PLR0913, PLR0917 (the table's columns)
    run: Run, workspace: Path, index: str, place: str, password: str, asked: str, code: int
) -> None:
    url = index.replace("//", f"//user:{password}@") + "/private/simple"
    env = {"UV_DEFAULT_INDEX": url if place == "environment" else None}
    options = f"--index-url {url}\n" if place == "requirements.txt" else ""
    (workspace / "requirements.txt").write_text(f"{options}{asked}\n")
    if place == "uv.toml":
        (workspace / "uv.toml").write_text(f'index-url = "{url}"\n')
    files = {name: str(workspace / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for path in files.values():
        Path(path).touch()
    done = run("build", env=env | files | {"GITHUB_ACTIONS": "true"})
    assert done.returncode == code, done.stdout + done.stderr
    written = [*(workspace / "dist").rglob("*.*"), *map(Path, files.values())]
    assert {"report.json", "report.md", "GITHUB_OUTPUT"} <= {path.name for path in written}
    told = {"stdout": done.stdout, "stderr": done.stderr}
    told |= {path.name: path.read_text(errors="replace") for path in written}
    assert [name for name, text in told.items() if password in text] == []
