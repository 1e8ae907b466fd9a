"""Paths mean one thing: relative to the manifest, inside the workspace, from every working directory."""

import json
import os
import sys
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layer_builder.commands import load
from layer_builder.console import Console
from layer_builder.inputs import read_inputs
from layer_builder.outcome import Outcome
from layer_builder.sources import Workspace

Run: TypeAlias = Callable[..., CompletedProcess[str]]

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"

CAFE = unicodedata.normalize("NFC", "café")
TARGETS = {
    "include": "../../libs/common",
    "file": f"../../{CAFE}/{CAFE}.json",
    "decomposed": "../../nfd/été",
    "requirements": "requirements/base.txt",
    "project": "../../libs/project",
    "code": "function",
    "events": "../../tests/events/*.json",
    "sources": "../../tests",
}
"""What a layer and its function name, from services/api."""

LINKS = {
    "include": "links/common",
    "file": "links/texts/café.json",
    "requirements": "../../links/requirements/base.txt",
    "project": "../../links/libs/project",
    "code": "links/function",
}
"""The same by way of links."""

MANIFEST = """\
version: 1
python: "3.12"
layers:
  code:
    include:
      - {{from: {include}, to: python/common}}
      - {{from: {file}, to: python/}}
      - {{from: {decomposed}, to: python/ete}}
    requirements: {requirements}
    project: {{path: {project}}}
    bytecode: auto
functions:
  api:
    layers: [code]
    handler: app.handler
    code: {code}
    events: {events}
    test-command: python -m pytest
    test-sources: {{from: {sources}, to: t}}
"""


def fill(root: Path, **files: str) -> None:
    """Write files; `__` in a name is a slash."""
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def monorepo(workspace: Path) -> Path:
    """Give a checkout with a service, and what it shares with others."""
    (workspace / ".git").mkdir()
    for path, text in {
        "libs/common/__init__.py": "ONE = 1\n",
        f"{CAFE}/{CAFE}.json": "{}\n",
        f"nfd/{unicodedata.normalize('NFD', 'été')}/__init__.py": "",
        "services/api/requirements/base.txt": "-r ../../../requirements/all.txt\n-c limits.txt\na\n",
        "services/api/requirements/limits.txt": "a<2\n",
        "requirements/all.txt": "b\n",
        "libs/project/pyproject.toml": "[project]\nname = 'p'\nversion = '1'\ndependencies = ['c']\n",
        "services/api/function/app.py": "def handler(event, context):\n    return 1\n",
        "tests/events/one.json": "{}\n",
    }.items():
        (workspace / path).parent.mkdir(parents=True, exist_ok=True)
        (workspace / path).write_text(text)
    for link, target in {
        "services/api/links": "../../links",
        "links/common": "../libs/common",
        "links/texts": f"../{CAFE}",
        "links/requirements": "../services/api/requirements",
        "links/libs": "../libs",
        "links/function": "../services/api/function",
        "services/current": "api",
    }.items():
        (workspace / link).parent.mkdir(parents=True, exist_ok=True)
        (workspace / link).symlink_to(target)
    return workspace


def keys(root: Path, cwd: Path, manifest: str, **named: str) -> tuple[str, ...]:
    """Give the keys of the layer, as a run that is started in `cwd` knows them."""
    text = MANIFEST.format(**{key: json.dumps(p) for key, p in {**TARGETS, **named}.items()})
    (root / "services/api/layers.yml").write_text(text)
    before = Path.cwd()
    os.chdir(cwd)
    try:
        outcome = Outcome(inputs=read_inputs({"manifest": manifest, "command": "plan"}))
        workspace = Workspace.around(Path(manifest), {}, Path("dist/layers"))
        outcome.manifest = load.read(outcome.inputs, workspace)
        (request,) = load.requests(outcome, workspace, None, Console())
    finally:
        os.chdir(before)
    assert request.loaded_by
    return request.key, request.content_key()


@st.composite
def spellings(draw: st.DrawFn, path: str) -> str:
    """Write a path in one of its many ways."""
    if path.startswith("../../") and draw(st.booleans()):
        path = f"../../services/api/{path}"
    parts: list[str] = []
    for part in path.split("/"):
        parts += (
            draw(
                st.sampled_from(
                    [
                        [],
                        [],
                        ["."],
                        [""],
                        ["gone", ".."],
                        ["links", ".."],
                        ["x", ".", "y", "..", ".."],
                    ]
                )
            )
            if part != ".."
            else draw(st.sampled_from([[], [], ["."], ["services", ".."]]))
        )
        parts.append(part)
    spelt = "/".join(parts)
    spelt = f"./{spelt}" if spelt.startswith("/") or draw(st.booleans()) else spelt
    spelt += draw(st.sampled_from(["", "", "/", "/.", "//"])) if "." not in parts[-1] else ""
    return unicodedata.normalize(draw(st.sampled_from(["NFC", "NFD"])), spelt)


@st.composite
def asked(draw: st.DrawFn) -> tuple[dict[str, str], str, str, bool]:
    """Spell all paths of the manifest, and choose where the program is started."""
    named = {}
    for key, path in TARGETS.items():
        by_link = LINKS.get(key) if draw(st.integers(0, 2)) == 0 else None
        named[key] = draw(spellings(by_link or path))
    cwd = draw(
        st.sampled_from(
            [".", "services", "services/api", "services/current", "libs/common", "..", "/"]
        )
    )
    folder = draw(st.sampled_from(["services/api", "services/current", "services/api/../api"]))
    return named, cwd, folder, draw(st.booleans())


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(asked())
def test_any_spelling_of_a_path_gives_the_same_content_from_any_working_directory(
    monorepo: Path, case: tuple[dict[str, str], str, str, bool]
) -> None:
    named, below, folder, is_absolute = case
    plain = keys(monorepo, monorepo / "services/api", "layers.yml")
    cwd = Path(os.path.realpath(monorepo / below))
    manifest = monorepo / folder / "layers.yml"
    word = str(manifest) if is_absolute else os.path.relpath(manifest, cwd)
    assert keys(monorepo, cwd, word, **named) == plain


def content(root: Path, cwd: Path, run: Run, *words: str, **env: str) -> tuple[str, list[str]]:
    """Build, and give the content key of the layer `code` and its files."""
    out = root.parent / "out"
    done = run(*words, cwd=cwd, env=env) if env else run(*words, "--output-dir", str(out), cwd=cwd)
    assert done.returncode == 0, done.stderr + done.stdout
    where = cwd / "dist/layers" if env else out
    record = json.loads((where / "code.layer.json").read_text())
    data = json.loads((where / "report.json").read_text())
    assert data["layers"][0]["key"] == "code"
    return record["content"], record["sha256"]


def test_the_program_and_the_action_read_a_monorepo_alike(
    run: Run, monorepo: Path, tmp_path: Path
) -> None:
    manifest = monorepo / "services/api/layers.yml"
    top = 'version: 1\npython: "3.12"\nlayers:\n  code: {include: '
    manifest.write_text(f"{top}../../libs/common}}\n")
    wanted = content(monorepo, monorepo, run, "build", "--manifest", "services/api/layers.yml")
    for cwd, word in (
        (monorepo / "services/api", "layers.yml"),
        (monorepo / "libs", "../services/current/layers.yml"),
        (tmp_path, str(manifest)),
    ):
        assert content(monorepo, cwd, run, "build", "--manifest", word) == wanted
    of_action = {
        "INPUT_MANIFEST": "services/api/layers.yml",
        "INPUT_COMMAND": "build",
        "GITHUB_WORKSPACE": str(monorepo),
    }
    assert content(monorepo, monorepo, run, **of_action) == wanted
    # Without `to:` the path in the layer is the one below the workspace, wherever the manifest is.
    (monorepo / "layers.yml").write_text(f"{top}libs//common/.}}\n")
    assert content(monorepo, monorepo, run, "build") == wanted


ENTRIES = {
    "include": "include: {path}",
    "requirements": "requirements: {path}",
    "project": "project: {{path: {path}}}",
    "code": "include: function}}\nfunctions:\n  f: {{layers: [code], handler: app.h, code: {path}",
    "events": "include: function}}\nfunctions:\n  f: {{layers: [code], handler: app.h, events: {path}",
    "test-sources": "include: function}}\nfunctions:\n"
    "  f: {{layers: [code], test-command: 'true', test-sources: {path}",
}


def refused(run: Run, folder: Path, entry: str, path: str, cwd: Path) -> str:
    """Name a path in a manifest; gives what was said of it, which is one mistake with its line."""
    text = f'version: 1\npython: "3.12"\nlayers:\n  code: {{{ENTRIES[entry].format(path=path)}}}\n'
    (folder / "layers.yml").write_text(text)
    done = run("build", "--manifest", os.path.relpath(folder / "layers.yml", cwd), cwd=cwd)
    assert done.returncode == 2, done.stderr
    (error,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert f"layers.yml:{6 if 'functions' in text else 4}:" in error
    return done.stderr


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_path_as_seen_from_the_working_directory_is_told_with_its_right_spelling(
    run: Run, monorepo: Path, entry: str
) -> None:
    said = refused(run, monorepo / "services/api", entry, "services/api/requirements", monorepo)
    assert (
        "  → services/api/requirements is there from the working directory; paths are relative to the"
        " manifest's folder: write requirements\n"
    ) in said


def test_a_path_as_seen_from_the_top_is_told_too(run: Run, monorepo: Path) -> None:
    api = monorepo / "services/api"
    said = refused(run, api, "include", "libs/common", api)
    assert "there is nothing at libs/common\n" in said
    assert "from the top of the workspace; paths are relative" in said
    assert "write ../../libs/common\n" in said


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("path", ["../../../outside/x", "a/../../../../outside/x", "out/x", "out"])
def test_nothing_outside_of_the_workspace_is_read(
    run: Run, monorepo: Path, tmp_path: Path, entry: str, path: str
) -> None:
    fill(tmp_path / "outside/x", pyproject="", one="{}")
    (monorepo / "services/api/out").symlink_to(tmp_path / "outside")
    said = refused(run, monorepo / "services/api", entry, path, monorepo)
    if path.startswith("out"):
        assert f"{path} is a link that leaves the workspace\n" in said
    else:
        assert (
            f"../../../outside/x leads out of the workspace\n  → the workspace is the git checkout, {monorepo}\n"
            in said
        )


@pytest.mark.parametrize(
    ("path", "why_and_advice"),
    [
        ("/etc/passwd", ("is absolute", "write it relative to the file that names it")),
        ("{root}/libs/common", ("is absolute", "write ../../libs/common")),
        ("https://x.example/y", ("is a URL", "download it into the workspace, and name that file")),
        ("~/x", ("is in a home folder", "./~/x is a folder of that name")),
        (r"..\..\libs\common", ("has a backslash", "write ../../libs/common")),
    ],
)
@pytest.mark.parametrize("entry", ["include", "code"])
def test_what_no_other_machine_has_is_refused(
    run: Run, monorepo: Path, entry: str, path: str, why_and_advice: tuple[str, str]
) -> None:
    api = monorepo / "services/api"
    said = refused(run, api, entry, f"'{path.format(root=monorepo)}'", monorepo)
    assert why_and_advice[0] in said
    assert f"  → {why_and_advice[1]}\n" in said


def test_without_git_the_workspace_is_the_manifests_folder_wherever_one_stands(
    run: Run, workspace: Path
) -> None:
    fill(workspace, libs__a="", api__b="")
    (workspace / "api/link").symlink_to("../libs")
    for cwd in (workspace, workspace / "api"):
        for path in ("../libs", "link"):
            said = refused(run, workspace / "api", "include", path, cwd)
            assert "the workspace\n" in said
    assert "leads out" in refused(run, workspace / "api", "include", "../libs", workspace)


@pytest.mark.parametrize("checkouts", ["a", "ab"])
def test_a_manifest_elsewhere_has_a_workspace_of_its_own(
    run: Run, tmp_path: Path, checkouts: str
) -> None:
    for name in checkouts:
        (tmp_path / name / ".git").mkdir(parents=True)
    manifest = 'version: 1\npython: "3.12"\nlayers: {code: {include: src}}\n'
    fill(tmp_path / "b", src__x="")
    (tmp_path / "b/layers.yml").write_text(manifest)
    done = run("build", "--manifest", "../b/layers.yml", cwd=tmp_path / "a")
    assert done.returncode == 0, done.stderr


def test_a_lock_lies_beside_the_manifest_and_not_beside_a_link_to_it(
    run: Run, monorepo: Path, add_wheel: Callable[..., Path]
) -> None:
    add_wheel("demo", "1.0", {"demo.py": ""})
    api = monorepo / "services/api"
    (api / "layers.yml").write_text(
        'version: 1\npython: "3.12"\nlayers: {code: {packages: [demo]}}\n'
    )
    (monorepo / "layers.yml").symlink_to("services/api/layers.yml")
    done = run("lock", cwd=monorepo)
    assert (done.returncode, done.stdout) == (0, "services/api/layers.lock\n"), done.stderr
    assert (api / "layers.lock").exists()
    assert not (monorepo / "layers.lock").exists()


def test_a_lock_that_is_a_link_to_nothing_is_not_taken_for_none(run: Run, monorepo: Path) -> None:
    (monorepo / "layers.yml").write_text(
        'version: 1\npython: "3.12"\nlayers: {code: {include: libs}}\n'
    )
    (monorepo / "layers.lock").symlink_to("gone.lock")
    done = run("build", cwd=monorepo)
    assert done.returncode == 2
    assert "layers.lock cannot be read: " in done.stderr


def test_what_a_run_wrote_that_was_started_elsewhere_is_no_input(run: Run, monorepo: Path) -> None:
    (monorepo / "layers.yml").write_text(
        'version: 1\npython: "3.12"\nlayers: {code: {include: ., exclude: dist/x}}\n'
    )
    found = []
    for cwd in (monorepo, monorepo / "libs", monorepo):
        done = run("build", "--manifest", os.path.relpath(monorepo / "layers.yml", cwd), cwd=cwd)
        assert done.returncode == 0, done.stderr
        found.append(json.loads((cwd / "dist/layers/code.layer.json").read_text())["content"])
    assert len(set(found)) == 1


def test_what_lies_beside_the_service_is_excluded_tried_and_told_as_what_lies_below(
    run: Run, monorepo: Path
) -> None:
    fill(
        monorepo, libs__common__tests__x="", libs__common__skip="", libs__common__key="",
        shared__run__app="import common\n\ndef handler(event, context):\n    return event['x']\n",
    )  # fmt: skip
    for name in ("libs/common/tests/x", "libs/common/skip", "shared/run/app"):
        (monorepo / name).rename(monorepo / f"{name}.py")
    (monorepo / "libs/common/key").rename(monorepo / "libs/common/server.pem")
    (monorepo / "tests/events/one.json").write_text('{"x": 1}')
    (monorepo / "services/api/layers.yml").write_text(
        f'version: 1\npython: "{PYTHON}"\nlayers:\n  code:\n'
        "    include: {from: ../../libs/common, to: python/common}\n"
        '    exclude: ["**/tests/", ../../libs/common/skip.py]\n'
        "functions:\n  f: {layers: [code], handler: app.handler, code: ../../shared/run,"
        " events: ../../tests/events/o*.json,"
        " test-command: python -c 'open(\"tests/events/one.json\")', test-sources: ../../tests}\n"
    )
    done = run("build", "--manifest", "services/api/layers.yml", cwd=monorepo)
    assert done.returncode == 0, done.stderr
    assert "look like credentials: ../../libs/common/server.pem\n" in done.stderr
    with zipfile.ZipFile(monorepo / "dist/layers/code.zip") as archive:
        assert archive.namelist() == ["python/common/__init__.py"]
    report = json.loads((monorepo / "dist/layers/report.json").read_text())
    (function,) = report["functions"]
    assert [event["name"] for event in function["proof"]["events"]] == [
        "../../tests/events/one.json"
    ]
    (monorepo / "shared/run/app.py").write_text("import common.gone\n")
    done = run("build", "--manifest", "services/api/layers.yml", cwd=monorepo)
    assert done.returncode == 4, done.stderr
    assert "shared/run/app.py" in done.stderr
    assert "services/api/../.." not in done.stderr
