"""The workspace's own code compiles, and imports on the layers that it is loaded with."""

from collections.abc import Callable
from subprocess import CompletedProcess
from typing import TypeAlias

from .conftest import HEAD, SHOP, Write

Run: TypeAlias = Callable[..., CompletedProcess[str]]

ALONE = HEAD + "layers:\n  code: {include: {from: src/, to: python/}}\n"
ENVIRON = "import os\n\nTABLE = os.environ['TABLE']\n"


def test_a_syntax_error_is_told_at_the_workspaces_file(run: Run, write: Write) -> None:
    write({"layers.yml": ALONE, "src/shop.py": SHOP + "\n\nx = (\n"})
    done = run("build", env={"GITHUB_ACTIONS": "true"})
    assert done.returncode == 4
    assert "::error file=src/shop.py,line=9,col=5" in done.stdout
    assert "layer code: python3.11 does not compile it: '(' was never closed" in done.stdout


def test_a_missing_module_is_told_with_who_has_it(
    run: Run, write: Write, add_wheel: Callable[..., object]
) -> None:
    add_wheel("fabric", "1.0", {"fabric.py": ""})
    layers = ALONE + "  deps: {packages: [fabric]}\n"
    write({"layers.yml": layers, "src/shop.py": "import fabric\n" + SHOP})
    done = run("build")
    assert done.returncode == 4
    assert "error: src/shop.py:1: layer code: import shop fails: ModuleNotFoundError" in done.stderr
    assert "    none of its layers (code) has fabric; deps has it\n" in done.stderr
    assert "  → say requires: [deps], or name the function that loads both\n" in done.stderr
    write({"layers.yml": layers.replace("to: python/}}", "to: python/}, requires: [deps]}"),
           "src/shop.py": "import fabric\n" + SHOP})  # fmt: skip
    assert run("build").returncode == 0


def test_what_lacks_its_surroundings_is_a_warning_until_they_are_given(
    run: Run, write: Write
) -> None:
    function = "functions:\n  api: {layers: [code]}\n"
    write({"layers.yml": ALONE + function, "src/shop.py": ENVIRON})
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert (
        "warning: src/shop.py:3: function api: import shop fails: KeyError: 'TABLE'\n"
        in done.stderr
    )
    given = function.replace("[code]", "[code], environment: {OTHER: x}")
    write({"layers.yml": ALONE + given, "src/shop.py": ENVIRON})
    assert run("build").returncode == 4
    write({"layers.yml": ALONE + given.replace("OTHER", "TABLE"), "src/shop.py": ENVIRON})
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert "api: 1 module of the workspace imported\n" in done.stderr


def test_nothing_is_imported_where_the_layer_says_so(run: Run, write: Write) -> None:
    write({"layers.yml": ALONE.replace("python/}}", "python/}, proof: off}"),
           "src/shop.py": "import nowhere\n"})  # fmt: skip
    assert run("build").returncode == 0


def test_the_src_layout_trap_is_told_with_the_line_to_write(run: Run, write: Write) -> None:
    trap = ALONE.replace("{from: src/, to: python/}", "[src/]")
    files = {"src/shop.py": "", "src/store/__init__.py": "A = 1\n"}
    write({"layers.yml": trap, **files})
    assert "is no package" not in run("build").stderr  # shop.py lies there, too
    write({"layers.yml": trap.replace("src/", "lib/"), "lib/store/__init__.py": "A = 1\n"})
    done = run("build")
    assert (
        "layer code: lib/ is no package: store can be imported as lib.store only\n" in done.stderr
    )
    assert "  → write {from: lib/, to: python/}\n" in done.stderr
    write(
        {"layers.yml": trap.replace("src/", "lib/"), "lib/store/b.py": "from lib.store import A\n"}
    )
    assert "is no package" not in run("build").stderr
