"""What lies in the output directory is published only by a digest that somebody hands on."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]
Versions: TypeAlias = Callable[..., list[str]]

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
MANIFEST = f"""\
version: 1
python: "{PYTHON}"
layers:
  core: {{packages: [demo]}}
  code: {{include: src/, requires: [core]}}
  again: {{packages: [demo]}}
functions:
  api: {{layers: [core, code]}}
"""
CORE = Path("dist/layers/core.zip")
RECORD = Path("dist/layers/core.layer.json")

_RECORDER = """
import os, sys
def note(event, arguments):
    if event in {"subprocess.Popen", "os.posix_spawn", "os.exec", "os.system"}:
        with open(os.environ["STARTED"], "a") as file:
            file.write(os.fsdecode(arguments[0]) + "\\n")
sys.addaudithook(note)
"""


@pytest.fixture
def job(workspace: Path, add_wheel: Add) -> Path:
    """Give a workspace with three layers to build."""
    add_wheel("demo", "1.0", {"demo.py": "A = 1\n"})
    (workspace / "src").mkdir()
    (workspace / "src/a.py").write_text("A = 1\n")
    (workspace / "layers.yml").write_text(MANIFEST)
    return workspace


@pytest.fixture
def digests(run: Run, job: Path) -> dict[str, str]:
    """Build, and give what the job hands on."""
    return handed_on(run, job, "build")


def handed_on(run: Run, job: Path, *words: str) -> dict[str, str]:
    """Give the digests that a job hands on."""
    output = job.parent / "GITHUB_OUTPUT"
    output.write_text("")
    done = run(*words, env={"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(output)})
    assert done.returncode == 0, done.stdout
    lines = output.read_text()
    (found,) = re.findall(r"^digests<<(\S+)\n(.*)\n\1$", lines, re.MULTILINE)
    handed: dict[str, str] = json.loads(found[1])
    return handed


def by(digests: Mapping[str, str], *more: str) -> tuple[str, ...]:
    return ("publish", "--digests", json.dumps(digests), *more)


def published(client: Callable[..., Any], layer: str) -> str:
    content = client("lambda").get_layer_version(LayerName=layer, VersionNumber=1)["Content"]
    return str(content["CodeSha256"])


def tamper(job: Path) -> str:
    """Put a back door into a zip, and have its record say that all is well; gives its digest."""
    with zipfile.ZipFile(job / CORE, "a") as file:
        file.writestr("python/sitecustomize.py", "print('a back door')\n")
    digest = sha256((job / CORE).read_bytes()).hexdigest()
    record = json.loads((job / RECORD).read_text())
    record["sha256"] = digest
    record["weight"]["zip_bytes"] = (job / CORE).stat().st_size
    (job / RECORD).write_text(json.dumps(record))
    return digest


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


def test_a_build_hands_on_the_digests_of_its_zips(job: Path, digests: dict[str, str]) -> None:
    assert digests == {
        stem: sha256((job / f"dist/layers/{stem}.zip").read_bytes()).hexdigest()
        for stem in ("core", "code", "again")
    }


def test_zips_that_a_publish_left_are_taken_up_like_those_of_a_build(
    run: Run, job: Path, add_wheel: Add, client: Callable[..., Any]
) -> None:
    digests = handed_on(run, job, "publish")
    assert digests.keys() == {"core", "code", "again"}
    add_wheel("demo", "2.0", {"demo.py": "A = 2\n"})
    elsewhere = run(
        *by(digests, "--build", "never", "--aws-region", "us-east-1"),
        env={"UV_DEFAULT_INDEX": "http://127.0.0.1:9"},
    )
    assert elsewhere.returncode == 0, elsewhere.stderr
    for name in digests:
        version = {"LayerName": name, "VersionNumber": 1}
        there, here = (client("lambda", *region).get_layer_version(**version)["Content"]
                       for region in (["us-east-1"], []))  # fmt: skip
        assert there["CodeSha256"] == here["CodeSha256"]


def test_with_digests_nothing_is_started_and_the_same_bytes_are_published(
    run: Run, job: Path, digests: dict[str, str], client: Callable[..., Any], tmp_path: Path
) -> None:
    hook, started = tmp_path / "hook", tmp_path / "started"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(_RECORDER)
    path = f"{hook}:{Path(__file__).resolve().parents[3]}"
    watched = {"PYTHONPATH": path, "STARTED": str(started), "UV_DEFAULT_INDEX": None}
    before = {stem: (job / f"dist/layers/{stem}.zip").read_bytes() for stem in digests}
    done = run(*by(digests, "--build", "never"), env=watched, anew=True)
    assert done.returncode == 0, done.stderr
    names = {Path(line).name for line in started.read_text().split("\n") if line}
    assert names == {"git"}
    for stem, digest in digests.items():
        assert f"{stem}: took up {stem}.zip, sha256 {digest}\n" in done.stderr
        assert (job / f"dist/layers/{stem}.zip").read_bytes() == before[stem]
        kept = client("lambda").get_layer_version(LayerName=stem, VersionNumber=1)["Content"]
        assert kept["CodeSize"] == len(before[stem])
    layers = json.loads((job / "dist/layers/report.json").read_text())
    assert layers["isolated"] is None
    assert all(layer["taken_up"] and layer["reused"] for layer in layers["layers"])
    # The same watch sees what a build starts.
    shutil.rmtree(job / "dist")
    started.unlink()
    run("build", env={**watched, "UV_DEFAULT_INDEX": None}, anew=True)
    assert "uv" in {Path(line).name for line in started.read_text().split("\n") if line}


def test_without_digests_a_forged_zip_is_built_anew_and_compared(
    run: Run, job: Path, digests: dict[str, str]
) -> None:
    forged = tamper(job)
    done = run("publish")
    assert done.returncode == 0, done.stderr
    assert sha256((job / CORE).read_bytes()).hexdigest() == digests["core"]
    assert (
        "core: replaces the core.zip that lay there, which has other bytes"
        f" (sha256 {forged[:16]}…, now {digests['core'][:16]}…)\n"
    ) in done.stderr
    assert "code: code.zip lay there already, with the same bytes\n" in done.stderr
    assert "took up" not in done.stderr


@pytest.mark.parametrize("build", ["auto", "never"])
def test_with_digests_a_forged_zip_is_an_error_or_built_anew(
    run: Run, job: Path, digests: dict[str, str], versions: Versions, build: str
) -> None:
    forged = tamper(job)
    done = run(*by(digests, "--build", build))
    message = (
        "layers.yml:4:3: layer core: dist/layers/core.zip is not the zip of input digests{}\n"
        f"    its sha256:  {forged}\n"
        f"    digests say: {digests['core']}\n"
    )
    if build == "never":
        assert done.returncode == 2
        assert f"error: {message.format('')}" in done.stderr
        assert versions() == []
    else:
        assert done.returncode == 0, done.stderr
        assert f"warning: {message.format(': it is built anew')}" in done.stderr
        assert sha256((job / CORE).read_bytes()).hexdigest() == digests["core"]
        assert "again: took up again.zip" in done.stderr


def test_what_is_committed_to_git_is_not_taken_up(
    run: Run, job: Path, digests: dict[str, str], versions: Versions, tmp_path: Path
) -> None:
    forged = tamper(job)
    git(job, "init", "-q")
    git(job, "add", "-f", "layers.yml", "src", str(CORE), str(RECORD))
    git(job, "commit", "-qm", "a pull request")
    fresh = tmp_path / "fresh"
    git(tmp_path, "clone", "-q", str(job), str(fresh))
    done = run(*by({"core": forged}, "--layers", "core", "--build", "never"), cwd=fresh)
    assert done.returncode == 2
    assert (
        "error: layers.yml:4:3: layer core: git tracks core.zip and core.layer.json in dist/layers\n"
    ) in done.stderr
    assert versions() == []
    done = run("publish", cwd=fresh)
    assert done.returncode == 0, done.stderr
    assert sha256((fresh / CORE).read_bytes()).hexdigest() == digests["core"] != forged


def test_git_need_not_be_there(
    run: Run, job: Path, digests: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    assert (job / CORE).is_file()
    done = run(*by(digests, "--build", "never"), env={"PATH": str(tmp_path / "empty")})
    assert done.returncode == 0, done.stderr


def no_zip(job: Path, _: dict[str, str]) -> None:
    (job / CORE).unlink()


def no_record(job: Path, _: dict[str, str]) -> None:
    (job / RECORD).unlink()


def record_of_another(job: Path, _: dict[str, str]) -> None:
    shutil.copy(job / "dist/layers/code.layer.json", job / RECORD)


def no_digest(_: Path, digests: dict[str, str]) -> None:
    del digests["core"]


def changed_manifest(job: Path, _: dict[str, str]) -> None:
    text = (job / "layers.yml").read_text()
    (job / "layers.yml").write_text(text.replace("core: {packages", "core: {prune: off, packages"))


def locked(job: Path, _: dict[str, str]) -> None:
    (job / "layers.lock").write_text("version = 1\n")


CHANGES = [
    (no_zip, "layer core: there is no dist/layers/core.zip, which input digests names"),
    (no_record, "layer core: dist/layers/core.layer.json is missing, or is not the record of core.zip"),
    (record_of_another, "layer core: dist/layers/core.layer.json is missing, or is not the record of"),
    (no_digest, "input build: never, and digests has nothing for zips that lie in the output dir\n"
                "    dist/layers/core.zip\n"),
    (changed_manifest, "layer core: the manifest, the lock or a file they name changed since core.zip"),
    (locked, "layer core: the manifest, the lock or a file they name changed since core.zip was built"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "told"), CHANGES, ids=[one.__name__ for one, _ in CHANGES])
def test_a_set_of_files_that_does_not_match_is_an_error_that_names_it(  # noqa: PLR0913 (a table's columns)
    run: Run,
    job: Path,
    digests: dict[str, str],
    versions: Versions,
    *,
    change: Callable[[Path, dict[str, str]], None],
    told: str,
) -> None:
    change(job, digests)
    done = run(*by(digests, "--build", "never"))
    assert done.returncode == 2, done.stderr
    assert told in done.stderr
    assert versions() == []


def test_a_layer_without_a_digest_or_a_zip_is_named_too(
    run: Run, job: Path, digests: dict[str, str]
) -> None:
    (job / CORE).unlink()
    del digests["core"]
    done = run(*by(digests, "--build", "never"))
    assert done.returncode == 2
    assert "layer core: input digests has nothing for core\n" in done.stderr


def test_a_digest_of_no_layer_is_an_error(run: Run, digests: dict[str, str]) -> None:
    done = run(*by({**digests, "cor": digests["core"]}))
    assert done.returncode == 2
    assert (
        "error: layers.yml: input digests names 'cor', which is the zip of no layer\n"
        "  → did you mean 'core'?\n"
    ) in done.stderr


def test_of_layers_that_are_resolved_together_all_are_built_or_none(
    run: Run, job: Path, add_wheel: Add, digests: dict[str, str], client: Callable[..., Any]
) -> None:
    (job / "dist/layers/code.zip").unlink()
    add_wheel("demo", "2.0", {"demo.py": "A = 2\n"})
    done = run(*by(digests), env={"UV_CACHE_DIR": str(job.parent / "another")})
    assert done.returncode == 0, done.stderr
    assert "took up core.zip" not in done.stderr
    assert "again: took up again.zip" in done.stderr
    assert zipfile.ZipFile(job / CORE).read("python/demo.py") == b"A = 2\n"
    assert published(client, "core") != published(client, "again")


def test_a_record_cannot_make_a_layer_lighter_than_it_is(
    run: Run, job: Path, digests: dict[str, str]
) -> None:
    record = json.loads((job / RECORD).read_text())
    record |= {"weight": {"zip_bytes": 1, "unzipped_bytes": 1}, "files": 1}
    (job / RECORD).write_text(json.dumps(record))
    done = run(*by(digests, "--build", "never"))
    assert done.returncode == 0, done.stderr
    (core,) = (
        layer
        for layer in json.loads((job / "dist/layers/report.json").read_text())["layers"]
        if layer["key"] == "core"
    )
    with zipfile.ZipFile(job / CORE) as file:
        sizes = [member.file_size for member in file.infolist()]
    assert core["unzipped_bytes"] == sum(sizes)
    assert (core["zip_bytes"], core["files"]) == ((job / CORE).stat().st_size, len(sizes))


def test_a_lock_of_uv_is_not_exported_for_what_was_made_from_it(
    run: Run, job: Path, environ: Mapping[str, str], tmp_path: Path
) -> None:
    (job / "layers.yml").write_text(
        f'version: 1\npython: "{PYTHON}"\nlayers: {{core: {{project: {{path: .}}}}}}\n'
    )
    (job / "pyproject.toml").write_text(
        '[project]\nname = "app"\nversion = "1"\nrequires-python = ">=3.10"\n'
        'dependencies = ["demo"]\n'
    )
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "lock", "-q"], cwd=job, env=dict(environ), check=True)
    assert run("build").returncode == 0
    handed = {"core": sha256((job / CORE).read_bytes()).hexdigest()}
    exports = {"UV_CACHE_DIR": str(tmp_path / "none"), "UV_DEFAULT_INDEX": "http://127.0.0.1:1"}
    done = run(*by(handed, "--build", "never"), env=exports)
    assert done.returncode == 0, done.stderr
    lock = job / "uv.lock"
    lock.write_text(lock.read_text() + "\n")
    done = run(*by(handed, "--build", "never"))
    assert done.returncode == 2
    assert "changed since core.zip was built" in done.stderr
