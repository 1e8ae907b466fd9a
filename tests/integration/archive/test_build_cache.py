"""A build that was made and proven once on a machine is not made again, in any workspace."""

import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

from layer_builder.archive import build_cache
from layer_builder.archive.build_cache import BuildCache
from layer_builder.archive.output_dir import OutputDir
from layer_builder.archive.reader import sha256_of
from layer_builder.keeping.cache_key import CacheKey
from layer_builder.model.proof import Proof
from layer_builder.model.settings import ProofDepth

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
HEAD = f'version: 1\npython: "{PYTHON}"\n'
SHADOW = {"demo.py": "A = 1\n", "random.py": "B = 2\n"}


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Give the folder that the cache will lie in."""
    return tmp_path / "cache"


@pytest.fixture
def build(run: Run, workspace: Path, cache: Path) -> Callable[..., CompletedProcess[str]]:
    """Build into a new output directory, with a cache."""

    def make(text: str, out: str, **more: str | None) -> CompletedProcess[str]:
        (workspace / "layers.yml").write_text(HEAD + text)
        env = {"LAYER_BUILDER_NO_CACHE": None, "LAYER_BUILDER_CACHE_DIR": str(cache), **more}
        done = run("build", "--output-dir", out, env=env)
        assert done.returncode == 0, done.stderr
        return done

    return make


def layer(workspace: Path, out: str) -> dict[str, Any]:
    (found,) = json.loads((workspace / out / "report.json").read_text())["layers"]
    assert isinstance(found, dict)
    return found


def said(done: CompletedProcess[str]) -> str:
    return done.stdout + done.stderr


def test_another_layer_with_the_same_content_takes_it_with_its_proof_and_its_warnings(
    build: Run, workspace: Path, add_wheel: Add
) -> None:
    add_wheel("demo", "1.0", SHADOW)
    first = build("layers:\n  one: {packages: [demo]}\n", "first")
    assert "one: zipped" in said(first)
    second = build("# moved\n\nlayers:\n  two: {packages: [demo]}\n", "second")
    version = ".".join(map(str, sys.version_info[:3]))
    assert f"two: took two.zip from the cache, proven then with Python {version}\n" in said(second)
    assert ": zipped " not in said(second)
    before, after = layer(workspace, "first"), layer(workspace, "second")
    assert sha256_of(workspace / "second/two.zip") == before["sha256"] == after["sha256"]
    assert after["proof"] == before["proof"]
    assert after["packages"] == before["packages"]
    for done, key, line in ((first, "one", 4), (second, "two", 6)):
        assert (
            f"layers.yml:{line}:3: layer {key}: modules of the layer replace the standard library's: random"
            in said(done)
        )


def test_a_new_version_and_other_settings_are_built(build: Run, add_wheel: Add) -> None:
    add_wheel("demo", "1.0", {"demo.py": "A = 1\n"})
    build("layers:\n  one: {packages: [demo]}\n", "first")
    assert "one: zipped" in said(build("layers:\n  one: {packages: [demo], prune: off}\n", "off"))
    add_wheel("demo", "1.1", {"demo.py": "A = 2\n"})
    again = build("layers:\n  one: {packages: [demo]}\n", "second", UV_CACHE_DIR=None)
    assert "one: zipped" in said(again)


@pytest.mark.parametrize("how", ["damaged", "cut", "without note"])
def test_what_is_not_whole_is_built_anew(build: Run, add_wheel: Add, cache: Path, how: str) -> None:
    add_wheel("demo", "1.0", {"demo.py": "A = 1\n"})
    build("layers:\n  one: {packages: [demo]}\n", "first")
    (kept,) = cache.glob("*.zip")
    (note,) = cache.glob("*.signed")
    content = kept.read_bytes()
    if how == "without note":
        note.unlink()
    else:
        kept.write_bytes(content[:-1] + (b"\0\0" if how == "damaged" else b""))
    assert "one: zipped" in said(build("layers:\n  one: {packages: [demo]}\n", "second"))
    assert kept.read_bytes() == content
    assert "took one.zip from" in said(build("layers:\n  one: {packages: [demo]}\n", "third"))


def test_a_layer_is_proven_on_top_of_one_from_the_cache(build: Run, add_wheel: Add) -> None:
    add_wheel("base", "1.0", {"base.py": "A = 1\n"})
    add_wheel("above", "1.0", {"above.py": "import base\n"}, requires=["base"])
    text = "layers:\n  low: {packages: [base]}\n"
    build(text, "first")
    done = said(build(f"{text}  high: {{packages: [above], requires: [low]}}\n", "second"))
    assert "low: took low.zip from the cache" in done
    assert "high: proved 1 import" in done


def test_a_changed_zip_of_the_output_directory_does_not_reach_the_cache(
    build: Run, workspace: Path, add_wheel: Add
) -> None:
    add_wheel("demo", "1.0", {"demo.py": "A = 1\n"})
    text = "layers:\n  one: {packages: [demo]}\n"
    build(text, "first")
    with (workspace / "first/one.zip").open("ab") as file:
        file.write(b"more")
    assert "took one.zip from the cache" in said(build(text, "first"))
    assert sha256_of(workspace / "first/one.zip") == layer(workspace, "first")["sha256"]


def test_what_no_python_imported_is_not_kept(
    build: Run, workspace: Path, add_wheel: Add, tmp_path: Path
) -> None:
    add_wheel("demo", "1.0", {"demo.py": "A = 1\n"})
    build("layers:\n  one: {packages: [demo]}\n", "first")
    found = OutputDir(folder=workspace / "first").find("one")
    assert found
    for depth, static, is_kept in (
        (ProofDepth.IMPORTS, True, False),
        (ProofDepth.STATIC, True, True),
        (ProofDepth.IMPORTS, False, True),
    ):
        proof = Proof(depth=depth, static=static)
        note = replace(found[0], details=replace(found[0].details, proof=proof))
        key = CacheKey(path=tmp_path / "key")
        kept = BuildCache(folder=tmp_path / f"{depth}-{static}", key=key)
        kept.keep(found[1], note)
        assert bool(kept.find(note.content, pytest.fail)) is is_kept


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_a_note_beside_a_zip_with_a_number_that_is_none_is_not_taken(
    build: Run, workspace: Path, add_wheel: Add, number: str
) -> None:
    add_wheel("demo", "1.0", {"demo.py": "A = 1\n"})
    build("layers:\n  one: {packages: [demo]}\n", "first")
    output_dir = OutputDir(folder=workspace / "first")
    note = output_dir.record_path("one")
    text, times = re.subn(r'("install": )[\d.e-]+', rf"\g<1>{number}", note.read_text())
    assert (bool(output_dir.find("one")), times) == (True, 1)
    note.write_text(text)
    assert output_dir.find("one") is None


def test_it_can_be_left_out(build: Run, add_wheel: Add, cache: Path) -> None:
    add_wheel("demo", "1.0", {"demo.py": "A = 1\n"})
    build("layers:\n  one: {packages: [demo]}\n", "first", LAYER_BUILDER_NO_CACHE="1")
    assert not cache.exists()


def test_a_folder_that_cannot_be_written_costs_no_build(
    build: Run, add_wheel: Add, cache: Path
) -> None:
    add_wheel("demo", "1.0", {"demo.py": "A = 1\n"})
    cache.write_text("a file, not a folder")
    done = build("layers:\n  one: {packages: [demo]}\n", "first")
    assert (
        "notice: builds of earlier runs are not used, nor is this one kept:"
        f" {cache} is not a folder\n"
    ) in said(done)


def test_the_builds_used_longest_ago_make_room_and_files_of_others_stay(  # noqa: PLR0913 (fixtures)
    build: Run,
    workspace: Path,
    add_wheel: Add,
    cache: Path,
    *,
    environ: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = ("one", "two", "three")
    for name in names:
        add_wheel(name, "1.0", {f"{name}.py": "A = 1\n"})
        build(f"layers:\n  {name}: {{packages: [{name}]}}\n", name)
    (cache / "mine.zip").write_bytes(b"not of the cache")
    stopped = cache / f"{'0' * 64}.1.part"
    stopped.write_bytes(b"half")
    notes = {name: OutputDir(folder=workspace / name).find(name) for name in names}
    for age, name in enumerate(("two", "one", "three")):
        found = notes[name]
        assert found
        for path in cache.glob(f"{build_cache._name(found[0].content)}.*"):  # noqa: SLF001 (to set its age)
            os.utime(path, (age + 1, age + 1))
    os.utime(stopped, (0, 0))
    files = sorted(cache.glob("*.signed")) + sorted(cache.glob("?" * 64 + ".zip"))
    room = sum(path.stat().st_size for path in files) - 1
    key = CacheKey(path=Path(environ["HOME"], ".config/lambda-layer-builder/cache.key"))
    kept = BuildCache(folder=cache, key=key, room_bytes=room)
    assert notes["one"]
    assert notes["two"]
    assert kept.find(notes["one"][0].content, pytest.fail)
    note, made = notes["one"]
    kept.keep(made, note)
    assert not stopped.exists()
    assert (cache / "mine.zip").exists()
    assert kept.find(notes["one"][0].content, pytest.fail)
    assert not kept.find(notes["two"][0].content, pytest.fail)
    monkeypatch.setattr(build_cache, "code_digest", lambda: "other code")
    assert not kept.find(notes["one"][0].content, pytest.fail)


def test_the_users_folder_for_caches_is_where_it_lies(tmp_path: Path) -> None:
    home, caches = str(tmp_path), str(tmp_path / "caches")
    for environ, folder in (
        ({"HOME": home}, tmp_path / ".cache/lambda-layer-builder"),
        ({"HOME": home, "XDG_CACHE_HOME": caches}, tmp_path / "caches/lambda-layer-builder"),
        ({"HOME": home, "LAYER_BUILDER_CACHE_DIR": caches}, tmp_path / "caches"),
        ({"HOME": "relative"}, None),
        ({"HOME": home, "LAYER_BUILDER_NO_CACHE": "1"}, None),
        ({}, None),
    ):
        assert BuildCache.around(environ).folder == folder


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def key_of(environ: Mapping[str, str]) -> Path:
    return Path(environ["HOME"], ".config/lambda-layer-builder/cache.key")


def test_the_folder_and_the_key_are_their_users_alone(
    build: Run, add_wheel: Add, cache: Path, environ: Mapping[str, str]
) -> None:
    add_wheel("demo", "1.0", {"demo.py": "A = 1\n"})
    cache.mkdir(mode=0o755)
    build("layers:\n  one: {packages: [demo]}\n", "first")
    assert (mode(cache), mode(key_of(environ))) == (0o700, 0o600)
    assert len(key_of(environ).read_bytes()) == 32


@pytest.mark.parametrize("other", ["home", "name", "record"])
def test_an_entry_that_was_not_kept_here_is_built_anew_and_told(
    build: Run, add_wheel: Add, cache: Path, tmp_path: Path, other: str
) -> None:
    add_wheel("demo", "1.0", {"demo.py": "A = 1\n"})
    text = "layers:\n  one: {packages: [demo]}\n"
    if other == "name":
        # What was kept of something else is put in the place of what is asked for.
        build("layers:\n  one: {packages: [demo], prune: off}\n", "other")
        (foreign,) = cache.glob("*.signed")
        build(text, "first")
        (mine,) = set(cache.glob("*.signed")) - {foreign}
        for one in ("signed", "zip"):
            mine.with_suffix(f".{one}").write_bytes(foreign.with_suffix(f".{one}").read_bytes())
    else:
        build(text, "first", **({"HOME": str(tmp_path / "other")} if other == "home" else {}))
    if other == "record":
        (kept,) = cache.glob("*.signed")
        kept.write_bytes(kept.read_bytes().replace(b'"static": false', b'"static":  true'))
    told = "one: the build in the cache bears no tag of this user on this machine: built anew\n"
    second = said(build(text, "second"))
    assert told in second
    assert "one: zipped" in second
    assert "took one.zip from the cache" in said(build(text, "third"))


@pytest.mark.parametrize("what", ["folder", "key", "link"])
def test_what_others_may_write_to_is_not_used(
    build: Run, add_wheel: Add, cache: Path, environ: Mapping[str, str], what: str
) -> None:
    add_wheel("demo", "1.0", {"demo.py": "A = 1\n"})
    text = "layers:\n  one: {packages: [demo]}\n"
    build(text, "first")
    kept = sorted(cache.iterdir())
    key = key_of(environ)
    match what:
        case "folder":
            cache.chmod(0o777)
            why = f"{cache} can be written by others (mode 0777): chmod 700 {cache}"
        case "key":
            key.chmod(0o640)
            why = f"{key} is not this user's alone: remove it, and the cache"
        case _:
            key.rename(cache / "elsewhere")
            key.symlink_to(cache / "elsewhere")
            kept = sorted(cache.iterdir())
            why = f"{key} is a link"
    second = said(build(text, "second"))
    assert f"notice: builds of earlier runs are not used, nor is this one kept: {why}\n" in second
    assert "one: zipped" in second
    assert sorted(cache.iterdir()) == kept


def test_on_githubs_runners_the_key_travels_with_the_cache(
    build: Run, add_wheel: Add, cache: Path, environ: Mapping[str, str], tmp_path: Path
) -> None:
    add_wheel("demo", "1.0", {"demo.py": "A = 1\n"})
    text = "layers:\n  one: {packages: [demo]}\n"
    hosted = {"GITHUB_ACTIONS": "true", "RUNNER_ENVIRONMENT": "github-hosted"}
    build(text, "first", **hosted)
    assert mode(cache / "cache.key") == 0o600
    assert not key_of(environ).exists()
    again = build(text, "second", **hosted, HOME=str(tmp_path / "a new machine"))
    assert "took one.zip from the cache" in said(again)
    # A runner of one's own that restores the same has a key of its own.
    own = build(text, "third", **hosted | {"RUNNER_ENVIRONMENT": "self-hosted"})
    assert "bears no tag of this user on this machine" in said(own)


def test_runs_that_begin_at_once_share_one_key(tmp_path: Path) -> None:
    key = CacheKey(path=tmp_path / "config" / "key")
    with ThreadPoolExecutor(8) as pool:
        tags = set(pool.map(lambda _: key.sign(b"text"), range(64)))
    assert len(tags) == 1
    assert key.has_signed(b"text", tags.pop())
    assert not key.has_signed(b"other text", key.sign(b"text"))
    assert list(key.path.parent.iterdir()) == [key.path]


def test_without_a_home_there_is_no_key_and_nothing_is_kept(
    build: Run, add_wheel: Add, cache: Path
) -> None:
    add_wheel("demo", "1.0", {"demo.py": "A = 1\n"})
    build("layers:\n  one: {packages: [demo]}\n", "first", HOME=None)
    assert not cache.exists()
