"""What the proof finds that no reading of sources can, with made-up wheels."""

import json
import os
import shutil
import struct
import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

from layer_builder.errors import ProofError
from layer_builder.model.prune_plan import InstalledFile, PrunePlan, Removal
from layer_builder.model.settings import ProofDepth
from layer_builder.model.target import Architecture, Python, Target
from layer_builder.prove import differential, interpreter
from layer_builder.prove.differential import ProofResult, ProofSetup
from layer_builder.prove.interpreter import Interpreter
from layer_builder.tree.tree import Tree

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
MANIFEST = """version: 1
python: "{python}"
prune: aggressive
layers:
  demo:
    packages: [demo]
    proof: {proof}
    imports: [{imports}]
    architecture: {architecture}
"""
COMPUTED = "import pathlib\npathlib.Path(__file__).with_name('READ' + 'ME').with_suffix('.txt').read_text()\n"


@pytest.fixture
def build(run: Run, workspace: Path) -> Callable[..., CompletedProcess[str]]:
    """Build a layer of the package demo, pruned hard."""

    def start(
        proof: str = "imports",
        imports: str = "",
        python: str = PYTHON,
        architecture: str = os.uname().machine.replace("aarch64", "arm64"),
        **more: Any,  # noqa: ANN401 (passed on)
    ) -> CompletedProcess[str]:
        text = MANIFEST.format(
            python=python, proof=proof, imports=imports, architecture=architecture
        )
        (workspace / "layers.yml").write_text(text)
        return run("build", **more)

    return start


def report(workspace: Path) -> dict[str, Any]:
    (layer,) = json.loads((workspace / "dist/layers/report.json").read_text())["layers"]
    assert isinstance(layer, dict)
    return layer


def restored(workspace: Path) -> list[tuple[str, str]]:
    return [(item["path"], item["needed_by"]) for item in report(workspace)["restored"]]


def files(workspace: Path) -> set[str]:
    with zipfile.ZipFile(workspace / "dist/layers/demo.zip") as archive:
        return {name.removeprefix("python/") for name in archive.namelist() if "-info/" not in name}


def test_a_file_read_by_a_computed_name_is_put_back_because_of_the_import(
    build: Run, workspace: Path, add_wheel: Add
) -> None:
    add_wheel("demo", "1.0", {
        "demo/__init__.py": COMPUTED,
        "demo/README.txt": "read", "demo/deep/CHANGES.txt": "not read", "demo/deep/__init__.py": "",
    })  # fmt: skip
    done = build()
    assert done.returncode == 0, done.stderr
    assert files(workspace) == {"demo/__init__.py", "demo/README.txt", "demo/deep/__init__.py"}
    assert restored(workspace) == [("demo/README.txt", "import demo")]


def test_a_module_imported_by_a_computed_name_is_put_back(
    build: Run, workspace: Path, add_wheel: Add
) -> None:
    add_wheel("demo", "1.0", {
        "demo/__init__.py": "import importlib\nimportlib.import_module('demo.' + 'te' + 'sts')\n",
        "demo/tests/__init__.py": "from demo.tests import data\n",
        "demo/tests/data.py": "",
        "demo/tests/test_it.py": "",
        "demo/plain.py": "",
    })  # fmt: skip
    done = build()
    assert done.returncode == 0, done.stderr
    assert {"demo/tests/__init__.py", "demo/tests/data.py"} < files(workspace)
    assert "demo" in report(workspace)["proof"]["imported"]


def test_what_is_only_looked_for_is_put_back(build: Run, workspace: Path, add_wheel: Add) -> None:
    """No event tells of os.path.exists: all that was removed of the distribution comes back."""
    add_wheel("demo", "1.0", {
        "demo.py": "import os\nname = os.path.dirname(__file__) + '/demo-da' + 'ta/READ' + 'ME.txt'\n"
        "assert os.path.exists(name)\n",
        "demo-data/README.txt": "there",
        "demo-data/CHANGES.txt": "there",
    })  # fmt: skip
    add_wheel("other", "1.0", {"other.py": "", "other-data/README.txt": ""})
    done = build()
    assert done.returncode == 0, done.stderr
    assert files(workspace) == {"demo.py", "demo-data/README.txt", "demo-data/CHANGES.txt"}


def test_one_need_does_not_bring_back_what_its_submodules_never_touched(
    build: Run, workspace: Path, add_wheel: Add
) -> None:
    """All of demo's modules fail with demo, but only the package itself opens the file."""
    add_wheel("demo", "1.0", {
        "demo/__init__.py": COMPUTED,
        "demo/one.py": "", "demo/two.py": "", "demo/README.txt": "",
        "demo/sub/tests/test_it.py": "", "demo/sub/__init__.py": "",
    })  # fmt: skip
    done = build()
    assert done.returncode == 0, done.stderr
    assert [r["path"] for r in report(workspace)["restored"]] == ["demo/README.txt"]


def test_what_fails_unpruned_too_is_a_warning_at_the_top_level_only(
    build: Run, workspace: Path, add_wheel: Add
) -> None:
    add_wheel("demo", "1.0", {
        "demo/__init__.py": "", "demo/optional.py": "import not_there",
        "demo/docs/guide.txt": "", "demo_extra.py": "import not_there_either",
    })  # fmt: skip
    done = build()
    assert done.returncode == 0, done.stderr
    assert (
        "warning: layers.yml:5:3: layer demo: import demo_extra fails, pruned or not" in done.stderr
    )
    assert "No module named 'not_there_either'" in done.stderr
    assert "import demo.optional" not in done.stderr
    assert "demo: 2 modules do not import, pruned or not: demo_extra, demo.optional" in done.stderr
    assert report(workspace)["restored"] == []
    assert report(workspace)["proof"]["imported"] == ["demo"]
    assert files(workspace) == {"demo/__init__.py", "demo/optional.py", "demo_extra.py"}


@pytest.mark.parametrize(
    ("wanted", "last"),
    [
        ("demo.missing", "ModuleNotFoundError: No module named 'demo.missing'"),
        ("demo.broken", "ZeroDivisionError: division by zero"),
        ("demo.dead", "ended the interpreter with exit code 3"),
    ],
)
def test_an_import_that_was_asked_for_and_fails_is_an_error_with_its_last_lines(
    build: Run, workspace: Path, add_wheel: Add, wanted: str, last: str
) -> None:
    add_wheel("demo", "1.0", {
        "demo/__init__.py": "", "demo/broken.py": "1 / 0\n",
        "demo/dead.py": "import os; os._exit(3)",
    })  # fmt: skip
    done = build(imports=f"demo, {wanted}")
    assert done.returncode == 4, done.stderr
    assert (
        f"layers.yml:8:21: layer demo: imports: {wanted} does not import, pruned or not"
        in done.stderr
    )
    assert last in done.stderr
    assert not (workspace / "dist/layers/demo.zip").exists()


@pytest.mark.parametrize(
    ("proof", "imported"),
    [
        ("imports", ["demo", "demo.one"]),
        ("deep", ["demo", "demo.one", "demo.one.two", "demo.one.two.three"]),
    ],
)
def test_the_proof_goes_as_deep_as_is_asked(
    build: Run, workspace: Path, add_wheel: Add, proof: str, imported: list[str]
) -> None:
    add_wheel("demo", "1.0", {
        "demo/__init__.py": "", "demo/one/__init__.py": "", "demo/one/two/__init__.py": "",
        "demo/one/two/three.py": "", "demo/__main__.py": "raise SystemExit",
    })  # fmt: skip
    done = build(proof)
    assert done.returncode == 0, done.stderr
    assert report(workspace)["proof"]["imported"] == imported
    assert report(workspace)["proof"]["static"] is False


def test_without_an_import_nothing_is_run(build: Run, workspace: Path, add_wheel: Add) -> None:
    add_wheel("demo", "1.0", {"demo.py": "raise SystemExit"})
    done = build("static")
    assert done.returncode == 0, done.stderr
    proof = report(workspace)["proof"]
    assert (proof["static"], proof["imported"], proof["interpreter"]) == (True, [], None)
    done = build("off")
    assert done.returncode == 0, done.stderr
    assert report(workspace)["proof"] is None
    assert "import demo" not in done.stderr


def test_a_foreign_architecture_is_checked_from_files_and_that_is_said(
    build: Run, workspace: Path, add_wheel: Add
) -> None:
    machine, architecture, number = (
        ("x86_64", "x86_64", 62) if os.uname().machine == "aarch64" else ("aarch64", "arm64", 183)
    )
    library = struct.pack(
        "<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 3, number, 1, 0, 64, 0, 0, 64, 56, 0, 64, 0, 0
    )
    tag = f"cp{PYTHON.replace('.', '')}-cp{PYTHON.replace('.', '')}-manylinux_2_17_{machine}"
    add_wheel("demo", "1.0", {"demo.py": "raise SystemExit", "native.so": library}, tag=tag)
    done = build(architecture=architecture)
    assert done.returncode == 0, done.stderr
    assert f"no python{PYTHON} for {architecture} on this machine" in done.stderr
    assert report(workspace)["proof"]["static"] is True


def test_namespace_packages_are_proven_from_where_their_code_begins(
    build: Run, workspace: Path, add_wheel: Add
) -> None:
    add_wheel("demo", "1.0", {
        "cloud/vendor/store/__init__.py": "", "cloud/vendor/store/blob.py": "",
        "cloud/vendor/store/deep/__init__.py": "", "cloud/vendor/store/deep/er.py": "",
    })  # fmt: skip
    done = build()
    assert done.returncode == 0, done.stderr
    store = "cloud.vendor.store"
    assert report(workspace)["proof"]["imported"] == [store, f"{store}.blob", f"{store}.deep"]


def test_entry_points_of_all_kinds_load(build: Run, workspace: Path, add_wheel: Add) -> None:
    points = "[demo.plugins]\nattribute = demo.plugins.deep:Plugin.make\nmodule = demo.plugins.whole\nextra = demo.plugins.deep:Plugin [extra]\n"
    add_wheel("demo", "1.0", {
        "demo/__init__.py": "", "demo/plugins/__init__.py": "", "demo/plugins/whole.py": "",
        "demo/plugins/deep.py": "class Plugin:\n    def make(self): ...\n",
        "demo-1.0.dist-info/entry_points.txt": points,
    })  # fmt: skip
    done = build()
    assert done.returncode == 0, done.stderr
    assert set(report(workspace)["proof"]["imported"]) == {
        "demo", "demo.plugins", "demo.plugins.whole",
        "demo.plugins.deep:Plugin", "demo.plugins.deep:Plugin.make",
    }  # fmt: skip


def test_an_entry_point_that_pruning_broke_is_mended(
    build: Run, workspace: Path, add_wheel: Add
) -> None:
    add_wheel("demo", "1.0", {
        "demo/__init__.py": "", "demo/a/__init__.py": "", "demo/a/b/__init__.py": COMPUTED + "x = 1",
        "demo/a/b/README.txt": "",
        "demo-1.0.dist-info/entry_points.txt": "[demo.plugins]\nit = demo.a.b:x\n",
    })  # fmt: skip
    done = build()
    assert done.returncode == 0, done.stderr
    assert restored(workspace) == [("demo/a/b/README.txt", "import demo.a.b:x")]


def test_malformed_entry_points_harm_nobody(build: Run, add_wheel: Add) -> None:
    """Those that uv lets through."""
    text = "[demo.plugins]\nodd = not a name:at all!\n"
    add_wheel("demo", "1.0", {"demo/__init__.py": "", "demo-1.0.dist-info/entry_points.txt": text})
    done = build()
    assert done.returncode == 0, done.stderr


# The proof by itself, over a folder


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    (tmp_path / "layer").mkdir()
    return Tree.below(tmp_path / "layer")


def lay_out(tree: Tree, sources: Mapping[str, str]) -> None:
    for path, text in sources.items():
        (tree.root / path).parent.mkdir(parents=True, exist_ok=True)
        (tree.root / path).write_text(text)


def prune(tree: Tree, *paths: str) -> PrunePlan:
    tree.exchange(paths)
    return PrunePlan(
        removals=tuple(
            Removal(entry=InstalledFile(path=path, size=1), rule="texts") for path in paths
        )
    )


def prove(
    tree: Tree, plan: PrunePlan, names: Sequence[str], weights: Mapping[str, int] | None = None
) -> ProofResult:
    prover = Interpreter(path=sys.executable, seconds=20)
    bench = ProofSetup(
        tree=tree, prover=prover, caches=(tree.bytecode,), weights=dict(weights or {})
    )
    owners = {entry.path: "demo" for entry in tree.scan()}
    owners |= {removal.entry.path: "demo" for removal in plan.removals}
    return differential.prove_tree(bench, plan, owners, names, ProofDepth.IMPORTS)


def test_what_no_file_can_mend_ends_with_the_tracebacks_last_lines(tree: Tree) -> None:
    """What is missing belongs to another distribution, and no event told of the look at it."""
    lay_out(tree, {
        "demo/__init__.py": "import os, sys\n"
        "if not os.path.exists(os.path.dirname(__file__) + '/../LICENSE.txt'): raise LookupError('gone')\n",
        "demo/README.txt": "", "LICENSE.txt": "",
    })  # fmt: skip
    plan = prune(tree, "demo/README.txt", "LICENSE.txt")
    prover = Interpreter(path=sys.executable, seconds=20)
    bench = ProofSetup(tree=tree, prover=prover, caches=(tree.bytecode,))
    owners = {"demo/__init__.py": "demo", "demo/README.txt": "demo", "LICENSE.txt": "another"}
    with pytest.raises(ProofError) as caught:
        differential.prove_tree(bench, plan, owners, ["demo"], ProofDepth.IMPORTS)
    (problem,) = caught.value.problems
    assert problem.message == "demo imported before pruning, and not after"
    assert (problem.details[0], problem.details[-1]) == ("import demo:", "LookupError: gone")
    assert problem.advice[-1] == "nothing was published"


def test_needs_behind_needs_are_found_in_turn(tree: Tree) -> None:
    read = "import pathlib\npathlib.Path(__file__).with_name('{}').read_text()\n"
    lay_out(tree, {
        "demo/__init__.py": read.format("one.txt") + "import importlib\nimportlib.import_module('demo.sub')",
        "demo/one.txt": "", "demo/sub/__init__.py": read.format("two.txt"), "demo/sub/two.txt": "",
        "unread/three.txt": "",
    })  # fmt: skip
    plan = prune(
        tree, "demo/one.txt", "demo/sub/two.txt", "demo/sub/__init__.py", "unread/three.txt"
    )
    result = prove(tree, plan, ["demo"])
    assert {r.path for r in result.plan.restored} == {
        "demo/one.txt", "demo/sub/two.txt", "demo/sub/__init__.py",
    }  # fmt: skip
    assert result.plan.removed_paths == {"unread/three.txt"}
    assert not (tree.root / "unread").exists()


def test_it_does_not_matter_which_process_imports_what(tree: Tree) -> None:
    sources = {
        f"p{n}/{part}.py": "" for n in range(8) for part in ("__init__", *"abcdefghijklmnop")
    }
    sources |= {
        "p1/a.py": "1 / 0",
        "p2/__init__.py": COMPUTED,
        "p2/README.txt": "",
        "p3/c.py": "import os; os._exit(1)",
    }
    lay_out(tree, sources)
    names = sorted(
        path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for path in sources
        if path.endswith(".py")
    )
    found = []
    for weights in ({}, {"p1": 9, "p2": 8}):
        result = prove(tree, prune(tree, "p2/README.txt"), names, weights)
        assert result.proof
        found.append(
            (result.proof.imported, result.proof.failed_before, result.plan, result.proof.loaded)
        )
    assert found[0] == found[1]
    assert found[0][1] == ("p1.a", "p3.c")
    assert len(found[0][0]) == len(names) - 2


# Finding an interpreter


def here() -> Target:
    machine = os.uname().machine.replace("aarch64", "arm64")
    return Target(python=Python(PYTHON), architecture=Architecture(machine))


def fake(folder: Path, script: str, name: str = f"python{PYTHON}") -> str:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)
    return str(folder)


@pytest.mark.parametrize(
    "script",
    [
        f"echo 'pyenv: python{PYTHON}: command not found' >&2; exit 127",
        "echo cpython 2.7 x86_64 linux",
        f"echo pypy {PYTHON} $(uname -m) linux",
        f"echo cpython {PYTHON} sparc linux",
        "exit 0",
        "kill -9 $$",
    ],
)
def test_what_only_looks_like_the_interpreter_is_passed_over(tmp_path: Path, script: str) -> None:
    real = tmp_path / "home/.pyenv/versions" / f"{PYTHON}.99" / "bin"
    real.mkdir(parents=True)
    (real / "python").symlink_to(sys.executable)
    environ = {"PATH": fake(tmp_path / "shims", script), "HOME": str(tmp_path / "home")}
    found = interpreter.find_interpreter(here(), environ, uv_binary="/bin/false")
    assert found == Interpreter(path=str(real / "python"))


@pytest.mark.parametrize(
    ("variable", "inner"),
    [("PYENV_ROOT", "versions/{}.1/bin"), ("RUNNER_TOOL_CACHE", "Python/{}.1/x64/bin")],
)
def test_interpreters_are_found_where_machines_keep_them(
    tmp_path: Path, variable: str, inner: str
) -> None:
    folder = tmp_path / inner.format(PYTHON)
    folder.mkdir(parents=True)
    (folder / "python").symlink_to(sys.executable)
    environ = {"PATH": "", "HOME": str(tmp_path), variable: str(tmp_path)}
    found = interpreter.find_interpreter(here(), environ, uv_binary="/bin/false")
    assert found == Interpreter(path=str(folder / "python"))


def test_a_shim_is_what_it_starts(tmp_path: Path) -> None:
    """It reads settings in the user's home, which it cannot where imports are isolated."""
    environ = {"PATH": fake(tmp_path, f'exec {sys.executable} "$@"'), "HOME": str(tmp_path)}
    found = interpreter.find_interpreter(here(), environ, uv_binary="/bin/false")
    assert found == Interpreter(path=sys.executable)


def test_uv_is_asked_last(tmp_path: Path) -> None:
    answer = f'case "$*" in "python find "*) echo {sys.executable};; *) exit 1;; esac'
    uv = Path(fake(tmp_path, answer, "uv"), "uv")
    found = interpreter.find_interpreter(
        here(), {"PATH": "", "HOME": str(tmp_path)}, uv_binary=str(uv)
    )
    assert found == Interpreter(path=sys.executable)


def test_there_may_be_none(tmp_path: Path) -> None:
    environ = {"PATH": "", "HOME": str(tmp_path)}
    assert interpreter.find_interpreter(here(), environ, uv_binary="/bin/false") is None


@pytest.mark.parametrize("script", ["exit 1", "exec sleep 9999", "exec cat"])
def test_an_interpreter_that_does_not_start_proves_nothing(
    tree: Tree, tmp_path: Path, script: str
) -> None:
    lay_out(tree, {"demo.py": ""})
    broken = Path(fake(tmp_path / "bin", script), f"python{PYTHON}")
    bench = ProofSetup(
        tree=tree, prover=Interpreter(path=str(broken), seconds=1), caches=(tree.bytecode,)
    )
    with pytest.raises(ProofError, match="did not start"):
        differential.prove_tree(bench, PrunePlan(), {}, ["demo"], ProofDepth.IMPORTS)


def test_the_layer_comes_before_the_standard_library(tree: Tree) -> None:
    """As in Lambda, where /opt/python is ahead of /var/lang/lib."""
    site = f"lib/python{PYTHON}/site-packages"
    lay_out(tree, {
        "sched.py": "OURS = True", "both.py": "1 / 0", f"{site}/both.py": "",
        "demo.py": "import sched; assert sched.OURS; import both",
    })  # fmt: skip
    proof = prove(tree, PrunePlan(), ["demo"]).proof
    assert proof
    assert proof.imported == ("demo",)


def test_bytecode_goes_to_the_side(tree: Tree) -> None:
    lay_out(tree, {"demo.py": ""})
    prove(tree, PrunePlan(), ["demo"])
    assert [entry.path for entry in tree.scan()] == ["demo.py"]
    assert list(tree.bytecode.rglob("demo.pyc"))
    shutil.rmtree(tree.bytecode)
