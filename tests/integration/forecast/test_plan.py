"""`plan` tells what a build will find, from parts of wheels; from whole ones where it must."""

import json
import zipfile
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

from layer_builder.model import mib
from tests.integration.forecast.ranges import Ranges, packed_wheel
from tests.integration.local_index import Request, Response, answers
from tests.integration.resolve.sdists import add_sdist

Run: TypeAlias = Callable[..., CompletedProcess[str]]

MANIFEST = """\
version: 1
python: "3.12"
layers:
  deps: {packages: [heavy, light]}
  code: {include: [src/]}
functions:
  api: {layers: [deps, code], reserve: 3 MiB}
"""


SOURCES = "".join(
    "".join(f"# {line}\n" for line in path.read_text("utf-8").splitlines())
    for path in sorted(Path(json.__file__).parents[1].glob("[a-p]*.py"))
)
"""What compresses as sources do: those of the standard library."""


def words(seed: int, size: int) -> str:
    """Take a piece of that."""
    return SOURCES[(seed - 1) * 400_000 :][:size].rpartition("\n")[0] + "\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Fill an index with two wheels; of one a third is tests and stubs."""
    folder = tmp_path / "ranges"
    folder.mkdir()
    packed_wheel(
        folder, "heavy", "2.0",
        {
            "heavy/__init__.py": "",
            "heavy/data.py": words(1, 900_000),
            "heavy/data.pyi": words(2, 300_000),
            "heavy/tests/test_data.py": words(3, 600_000),
            "heavy-2.0.data/purelib/heavy_more.py": words(4, 200_000),
        },
        requires=["light"],
    )  # fmt: skip
    packed_wheel(folder, "light", "1.0", {"light.py": words(5, 30_000)})
    return folder


@pytest.fixture(autouse=True)
def manifest(workspace: Path) -> Path:
    (workspace / "src").mkdir()
    (workspace / "src" / "app.py").write_text("import heavy\n" + words(6, 40_000))
    path = workspace / "layers.yml"
    path.write_text(MANIFEST)
    return path


def report(workspace: Path) -> Any:  # noqa: ANN401 (JSON)
    return json.loads((workspace / "dist/layers/report.json").read_text())


def estimates(workspace: Path) -> dict[str, Any]:
    return {one["key"]: one for one in report(workspace)["estimates"]}


def test_it_is_near_to_what_a_build_finds(
    folder: Path, workspace: Path, run: Run, serve: Callable[..., str]
) -> None:
    index = Ranges(folder)
    env = {"UV_DEFAULT_INDEX": f"{serve(index)}/simple"}
    done = run("plan", env=env)
    assert done.returncode == 0, done.stderr
    planned = report(workspace)
    whole = [name for name, asked in index.asked if not asked]
    assert whole == []
    markdown = (workspace / "dist/layers/report.md").read_text()
    html = (workspace / "dist/layers/report.html").read_text()
    run("build", env=env)
    built = {one["key"]: one for one in report(workspace)["layers"]}
    for one in planned["estimates"]:
        real = built[one["key"]]
        assert one["zip_bytes"] == pytest.approx(real["zip_bytes"], rel=0.1)
        assert one["unzipped_bytes"] == pytest.approx(real["unzipped_bytes"], rel=0.1)
        assert one["fetched_whole"] == {}
        shown = mib(one["unzipped_bytes"])
        assert shown in markdown
        assert shown in html
        assert f"≈ {shown} unzipped" in done.stderr
    code = next(one for one in planned["estimates"] if one["key"] == "code")
    assert code["unzipped_bytes"] == built["code"]["unzipped_bytes"]
    assert code["zip_bytes"] == built["code"]["zip_bytes"]
    (api,) = planned["functions"]
    total = sum(one["unzipped_bytes"] for one in planned["estimates"]) + 3 * 2**20
    assert (api["estimated"], api["unzipped_bytes"]) == (True, total)
    assert "function api: deps ≈" in done.stderr


def test_a_server_without_ranges_gives_wheels_whole(
    folder: Path, workspace: Path, run: Run, serve: Callable[..., str]
) -> None:
    env = {"UV_DEFAULT_INDEX": f"{serve(answers(folder))}/simple"}
    done = run("plan", env=env)
    assert done.returncode == 0, done.stderr
    assert "fetched whole" in done.stderr
    assert "the server sends no ranges" in done.stderr
    planned = estimates(workspace)
    assert set(planned["deps"]["fetched_whole"]) == {"heavy", "light"}
    run("build", env=env)
    for real in report(workspace)["layers"]:
        one = planned[real["key"]]
        assert one["zip_bytes"] == pytest.approx(real["zip_bytes"], rel=0.1)
        assert one["unzipped_bytes"] == pytest.approx(real["unzipped_bytes"], rel=0.1)


@pytest.mark.parametrize(
    "login",
    [
        {"UV_DEFAULT_INDEX": "http://user:hunter2@{}/private/simple"},
        {
            "UV_DEFAULT_INDEX": "mine=http://{}/private/simple",
            "UV_INDEX_MINE_USERNAME": "user",
            "UV_INDEX_MINE_PASSWORD": "hunter2",
        },
    ],
)
def test_a_private_index_is_read_with_its_login(
    login: Mapping[str, str], folder: Path, workspace: Path, run: Run, serve: Callable[..., str]
) -> None:
    index = Ranges(folder)
    host = serve(index).removeprefix("http://")
    done = run("plan", env={name: value.format(host) for name, value in login.items()})
    assert done.returncode == 0, done.stderr
    assert estimates(workspace)["deps"]["fetched_whole"] == {}
    assert {asked for _, asked in index.asked} == {"bytes=-65536"} or index.sent < 300_000
    assert "hunter2" not in done.stderr + (workspace / "dist/layers/report.json").read_text()


def test_what_cannot_fit_is_exit_5(
    folder: Path, manifest: Path, workspace: Path, run: Run, serve: Callable[..., str]
) -> None:
    env = {"UV_DEFAULT_INDEX": f"{serve(Ranges(folder))}/simple"}
    text = manifest.read_text()
    manifest.write_text(text.replace("version: 1\n", "version: 1\nlimits: {unzipped: 800 KiB}\n"))
    done = run("plan", env=env)
    assert done.returncode == 5
    assert "cannot fit limits.unzipped of the manifest" in done.stderr
    (error,) = report(workspace)["errors"]
    assert error["layer"] == "deps"
    assert "heavy 2.0" in " ".join(error["details"])
    # Over by less than the error: it may fit, and a build will tell.
    size = estimates(workspace)["deps"]["unzipped_bytes"]
    limit = f"limits: {{unzipped: {int(size * 0.97 / 1024)} KiB}}"
    manifest.write_text(text.replace("version: 1\n", f"version: 1\n{limit}\n"))
    done = run("plan", env=env)
    assert done.returncode == 0
    assert "may not fit" in done.stderr
    manifest.write_text(text.replace("3 MiB", "249 MiB"))
    done = run("plan", env=env)
    assert done.returncode == 5
    assert "function api: its layers unzip to about" in done.stderr


def test_a_directory_that_lies_is_not_believed(
    folder: Path, workspace: Path, run: Run, serve: Callable[..., str]
) -> None:
    """Its sizes are the index's word: a wheel whose directory names 3 GiB is fetched whole."""
    path = packed_wheel(folder, "light", "1.0", {"light.py": words(5, 30_000)})
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        at = content.index(b"PK\x01\x02", archive.start_dir)
    content[at + 24 : at + 28] = (3 * 2**30).to_bytes(4, "little")
    path.write_bytes(bytes(content))
    run("plan", env={"UV_DEFAULT_INDEX": f"{serve(Ranges(folder))}/simple"})
    found = report(workspace)
    sizes = [one["unzipped_bytes"] for one in found["estimates"]]
    # Told as it really is, or uv refuses the wheel, and it is not counted: never 3 GiB.
    assert sizes
    assert max(sizes) < 2**24
    deps = estimates(workspace)["deps"]
    assert "light" in {*deps["fetched_whole"], *(line.split(":")[0] for line in deps["unknown"])}


def test_a_login_does_not_follow_where_an_index_leads(
    folder: Path, workspace: Path, run: Run, serve: Callable[..., str]
) -> None:
    """Indexes lead on to stores, whose addresses are signed: no login goes along."""
    store = Ranges(folder)
    seen: list[Mapping[str, str]] = []

    def at_store(request: Request) -> Response:
        seen.append({name.lower(): value for name, value in request[2].items()})
        return store(request)

    elsewhere = serve(at_store)
    index = answers(folder)

    def lead_on(request: Request) -> Response:
        _, path, _, _ = request
        status, more, content = index(request)
        if status == HTTPStatus.OK and "/files/" in path:
            return 302, {"Location": elsewhere + path.removeprefix("/private")}, b""
        return status, more, content

    host = serve(lead_on).removeprefix("http://")
    done = run("plan", env={"UV_DEFAULT_INDEX": f"http://user:hunter2@{host}/private/simple"})
    assert done.returncode == 0, done.stderr
    assert estimates(workspace)["deps"]["fetched_whole"] == {}
    ours = [one for one in seen if one.get("user-agent", "").startswith("Python-urllib")]
    assert ours
    assert not [one for one in ours if "authorization" in one]


def test_what_only_a_build_makes_is_named_and_not_counted(
    folder: Path, manifest: Path, workspace: Path, run: Run, serve: Callable[..., str]
) -> None:
    add_sdist(folder, "made", {"made.py": words(1, 5000)})
    manifest.write_text(
        'version: 1\npython: "3.12"\nlayers:\n  deps: {packages: [light, made], build: [made]}\n'
    )
    done = run("plan", env={"UV_DEFAULT_INDEX": f"{serve(Ranges(folder))}/simple"})
    assert done.returncode == 0, done.stderr
    deps = estimates(workspace)["deps"]
    assert [package["name"] for package in deps["packages"]] == ["light"]
    assert deps["unknown"][0].startswith("made: build: makes it from sources")
    assert "not in it: made: build: makes it" in done.stderr


def test_offline_it_is_all_from_the_cache(
    folder: Path, workspace: Path, run: Run, serve: Callable[..., str]
) -> None:
    index = Ranges(folder)
    env = {"UV_DEFAULT_INDEX": f"{serve(index)}/simple"}
    run("build", env=env)
    index.asked.clear()
    done = run("plan", env={**env, "UV_OFFLINE": "1"})
    assert done.returncode == 0, done.stderr
    assert index.asked == []
    deps = estimates(workspace)["deps"]
    assert deps["fetched_whole"] == {"heavy": "offline", "light": "offline"}
    assert len(deps["packages"]) == 2
