"""What this machine has and Lambda lacks helps no import: libraries and programs.

The libraries are of this machine: one that Python itself does not open and no runtime has.
"""

import ctypes.util
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

from layer_builder.model.target import Architecture, Python, Target
from layer_builder.native.base_system import base_libraries

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]
Build: TypeAlias = Callable[..., CompletedProcess[str]]

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
CANDIDATES = ("magic", "pq", "xml2", "png16", "jpeg", "curl", "glib-2.0", "systemd", "udev", "pam")
NAMED = {name: found for name in CANDIDATES if (found := ctypes.util.find_library(name))}
STRANGE, STRANGER = next(iter(NAMED.items()), ("", ""))
PATH = next(
    (path for path in Path("/usr/lib").glob(f"*/{STRANGER}")),
    Path("/usr/lib64", STRANGER),
)
MANIFEST = """version: 1
python: "{python}"
{top}layers:
  deps:
    packages: [{packages}]
    architecture: {architecture}
"""

pytestmark = pytest.mark.skipif(not STRANGER, reason="no library here that Lambda lacks")


@pytest.fixture
def build(run: Run, workspace: Path) -> Build:
    """Build a layer of these packages."""

    def start(packages: str = "demo", top: str = "", **more: Any) -> Any:  # noqa: ANN401 (passed on)
        machine = os.uname().machine.replace("aarch64", "arm64")
        text = MANIFEST.format(python=PYTHON, packages=packages, top=top, architecture=machine)
        (workspace / "layers.yml").write_text(text)
        return run("build", **more)

    return start


def imported(workspace: Path) -> list[str]:
    report = json.loads((workspace / "dist/layers/report.json").read_text())
    names: list[str] = report["layers"][0]["proof"]["imported"]
    return names


OPENING = {
    "by its name": f"import ctypes\nctypes.CDLL({STRANGER!r})\n",
    "by its path": f"import ctypes\nctypes.CDLL({str(PATH)!r})\n",
    "as bytes": f"import ctypes\nctypes.cdll.LoadLibrary({STRANGER.encode()!r}.decode())\n",
    "for a time": f"import _ctypes\n_ctypes.dlopen({STRANGER!r}, 2)\n",
}


@pytest.mark.parametrize("source", OPENING.values(), ids=OPENING)
def test_a_library_of_this_machine_proves_nothing(
    build: Build, add_wheel: Add, source: str
) -> None:
    add_wheel("demo", "1.0", {"demo.py": source})
    done = build()
    assert done.returncode == 4, done.stderr
    assert "demo was asked for, and demo does not import, pruned or not" in done.stderr
    assert "cannot open shared object file" in done.stderr
    assert f"{STRANGER}, which neither Lambda nor the layer has" in done.stderr
    assert "→ bring it along: include: [{from: libs/, to: lib/}]" in done.stderr
    assert build(top="proof: {allow-failing: [demo]}\n").returncode == 0


def test_who_asks_first_hears_that_it_is_not_there(
    build: Build, add_wheel: Add, workspace: Path
) -> None:
    """As in Lambda: what goes on without it does so here."""
    source = (
        "import ctypes, ctypes.util\n"
        f"assert ctypes.util.find_library({STRANGE!r}) is None\n"
        f"try: ctypes.CDLL({STRANGER!r})\n"
        "except OSError as error: assert 'cannot open shared object file' in str(error)\n"
        "else: raise AssertionError\n"
    )
    add_wheel("demo", "1.0", {"demo.py": source})
    done = build()
    assert done.returncode == 0, done.stderr
    assert imported(workspace) == ["demo"]


def test_what_lambda_has_and_what_python_brings_is_there(
    build: Build, add_wheel: Add, workspace: Path
) -> None:
    source = (
        "import ctypes, ctypes.util, ssl, sqlite3, lzma, bz2, uuid, hashlib, pwd, os, decimal\n"
        "for name in ('libc.so.6', 'libm.so.6', 'libz.so.1', None): ctypes.CDLL(name)\n"
        "assert ctypes.CDLL(None).getpid() == os.getpid()\n"
        "assert ctypes.util.find_library('c') == 'libc.so.6'\n"
        "assert ctypes.util.find_library('m') == 'libm.so.6'\n"
        "pwd.getpwuid(0)\n"
    )
    add_wheel("demo", "1.0", {"demo.py": source})
    done = build()
    assert done.returncode == 0, done.stderr
    assert imported(workspace) == ["demo"]


@pytest.fixture
def compiled(tmp_path: Path) -> Callable[..., bytes]:
    """Compile C to a shared library, linked with others."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        pytest.skip("no C compiler")

    def make(source: str, *words: str) -> bytes:
        (tmp_path / "made.c").write_text(source)
        target = tmp_path / "made.so"
        include = f"-I{sysconfig.get_paths()['include']}"
        flags = ["-shared", "-fPIC", "-Wl,--no-as-needed", include]
        subprocess.run(
            [compiler, *flags, "-o", str(target), str(tmp_path / "made.c"), *words], check=True
        )
        return target.read_bytes()

    return make


MODULE = """
#define Py_LIMITED_API 0x030a0000
#include <Python.h>
#ifdef __x86_64__
__asm__(".symver dlopen,dlopen@GLIBC_2.2.5");
#else
__asm__(".symver dlopen,dlopen@GLIBC_2.17");
#endif
void *dlopen(const char *, int);
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "native", NULL, -1, NULL};
PyMODINIT_FUNC PyInit_native(void) { BODY return PyModule_Create(&module); }
"""
TAG = f"cp310-abi3-manylinux_2_17_{os.uname().machine}"


def test_a_library_of_the_layer_that_needs_one_of_this_machine_does_not_help(
    build: Build, add_wheel: Add, compiled: Callable[..., bytes]
) -> None:
    """As lightgbm with libgomp: nobody names it but the library that ctypes opens."""
    own = compiled("int own(void) { return 1; }", str(PATH))
    source = (
        "import ctypes, os\n"
        "ctypes.CDLL(os.path.join(os.path.dirname(__file__), 'libown.so.1'))\n"
        "try: import native_demo\nexcept ImportError: pass\n"
    )
    native = compiled(MODULE.replace("BODY", "").replace("native", "native_demo"))
    files = {"demo/__init__.py": source, "demo/libown.so.1": own, "demo/inner.py": ""}
    add_wheel("demo", "1.0", {**files, "native_demo.abi3.so": native}, tag=TAG)
    add_wheel("good", "1.0", {"good.py": "import native_demo\n"}, requires=["demo"])
    done = build("good, demo", top="proof: {allow-failing: [demo]}\n")
    assert done.returncode == 0, done.stderr
    assert "import demo fails, pruned or not" in done.stderr
    assert f"OSError: {STRANGER}: cannot open shared object file: No such file" in done.stderr
    assert "2 modules do not import, pruned or not: demo, demo.inner" in done.stderr


@pytest.mark.parametrize("where", ["the layer", "the layer below"])
def test_a_library_in_the_layers_own_lib_folder_is_there(
    run: Run, workspace: Path, add_wheel: Add, compiled: Callable[..., bytes], where: str
) -> None:
    """Lambda's loader looks in /opt/lib."""
    (workspace / "libs").mkdir()
    library = compiled("int own(void) { return 7; }", "-Wl,-soname,libown.so.1")
    (workspace / "libs/libown.so.1").write_bytes(library)
    source = "import ctypes\nassert ctypes.CDLL('libown.so.1').own() == 7\n"
    add_wheel("demo", "1.0", {"demo.py": source})
    add_wheel("low", "1.0", {"low.py": ""})
    include = "include: [{from: libs/, to: lib/}]"
    low, high = (include, "") if where == "the layer below" else ("", include)
    (workspace / "layers.yml").write_text(
        f'version: 1\npython: "{PYTHON}"\nlayers:\n'
        f"  low:\n    packages: [low]\n    {low}\n"
        f"  high:\n    packages: [demo]\n    requires: [low]\n    {high}\n"
    )
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert "high: proved 1 import" in done.stderr
    assert "which neither the layer nor the runtime has" not in done.stderr


@pytest.mark.parametrize("how", ["linked with it", "opening it as it starts"])
def test_nor_does_one_that_an_extension_needs(
    build: Build, add_wheel: Add, compiled: Callable[..., bytes], how: str
) -> None:
    if how == "linked with it":
        library = compiled(MODULE.replace("BODY", ""), str(PATH))
    else:
        refusing = f'PyErr_SetString(PyExc_ImportError, "{STRANGER} not found"); return NULL;'
        body = f'if (!dlopen("{STRANGER}", 2)) {{ {refusing} }}'
        library = compiled(MODULE.replace("BODY", body), "-ldl")
    add_wheel("demo", "1.0", {"native.abi3.so": library, "other.py": "import native"}, tag=TAG)
    done = build()
    assert done.returncode == 4, done.stderr
    assert "import native: ImportError: lib" in done.stderr
    assert "which neither Lambda nor the layer has" in done.stderr


@pytest.mark.parametrize("initialised", ["in one phase", "in two"])
def test_an_extension_that_can_do_without_one_imports(
    build: Build,
    add_wheel: Add,
    compiled: Callable[..., bytes],
    workspace: Path,
    initialised: str,
) -> None:
    """As Pillow with libfribidi: what Lambda lacks is not opened here, either."""
    body = f'if (dlopen("{STRANGER}", 2)) Py_FatalError("it was there");'
    source = MODULE.replace("BODY", body if initialised == "in one phase" else "")
    if initialised == "in two":
        source = source.replace(
            "return PyModule_Create(&module)", "return PyModuleDef_Init(&module)"
        )
        slots = "static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)step}, {0, NULL}};"
        step = f"static int step(PyObject *self) {{ {body} return 0; }}"
        source = source.replace("static struct", f"{step}\n{slots}\nstatic struct")
        source = source.replace("NULL, -1, NULL}", "NULL, 0, NULL, slots}")
    good = compiled(MODULE.replace("BODY", "").replace("native", "zealous"))
    files = {"native.abi3.so": compiled(source, "-ldl"), "zealous.abi3.so": good}
    add_wheel("demo", "1.0", {**files, "other.py": "import native, zealous"}, tag=TAG)
    done = build()
    assert done.returncode == 0, done.stderr
    assert imported(workspace) == ["native", "other", "zealous"]


def test_what_the_layer_brings_itself_is_there(
    build: Build, add_wheel: Add, compiled: Callable[..., bytes], workspace: Path
) -> None:
    source = (
        "import ctypes, os\n"
        "path = os.path.join(os.path.dirname(__file__), 'libown.so.1')\n"
        "ctypes.CDLL(path)\n"
        "ctypes.CDLL('libown.so.1')\n"
    )
    own = compiled("int own(void) { return 1; }", "-Wl,-soname,libown.so.1")
    native = compiled(MODULE.replace("BODY", ""))
    files = {"demo/__init__.py": source, "demo/libown.so.1": own, "demo/native.abi3.so": native}
    add_wheel("demo", "1.0", files, tag=TAG)
    done = build()
    assert done.returncode == 0, done.stderr
    assert imported(workspace) == ["demo", "demo.native"]


CFFI = {
    "read as text": f"from cffi import FFI\nlibrary = FFI().dlopen({STRANGER!r})\n",
    "past cffi's own functions": f"import _cffi_backend\nlibrary = _cffi_backend.FFI().dlopen({STRANGER!r})\n",
}


@pytest.mark.parametrize("source", CFFI.values(), ids=CFFI)
def test_nor_does_one_that_cffi_opens(build: Build, add_wheel: Add, source: str) -> None:
    """With cffi itself, as it is installed here."""
    tag = f"cp{PYTHON.replace('.', '')}"
    machine = os.uname().machine
    for name in ("cffi", "pycparser"):
        one = metadata.distribution(name)
        whole = {
            str(path): Path(str(one.locate_file(path))).read_bytes()
            for path in one.files or ()
            if ".dist-info" not in str(path) and "__pycache__" not in str(path)
        }
        add_wheel(name, one.version, whole, tag=f"{tag}-{tag}-manylinux_2_17_{machine}")
    add_wheel("demo", "1.0", {"demo.py": source}, requires=["cffi", "pycparser"])
    done = build()
    assert done.returncode == 4, done.stderr
    assert f"{STRANGER}, which neither Lambda nor the layer has" in done.stderr
    fine = source.replace(STRANGER, "libz.so.1")
    add_wheel("demo", "2.0", {"demo.py": fine}, requires=["cffi", "pycparser"])
    done = build()
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "source",
    [
        "import shutil\nassert shutil.which('git') is None\nassert shutil.which('gcc') is None\n",
        "import shutil\nassert shutil.which('bash') and shutil.which('ls') and shutil.which('python3')\n",
        "import subprocess, sys\nfor words in (['uname', '-m'], ['bash', '-c', 'ls | sort'], "
        "[sys.executable, '-c', ''], ['python3', '-c', '']):\n"
        "    subprocess.run(words, check=True)\n",
        "import os\nassert os.system('true') == 0\n",
    ],
)
def test_programs_are_those_that_a_function_finds(
    build: Build, add_wheel: Add, source: str
) -> None:
    add_wheel("demo", "1.0", {"demo.py": source})
    done = build()
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["git", shutil.which("git") or "/usr/bin/git"])
def test_a_program_that_a_function_lacks_does_not_run(
    build: Build, add_wheel: Add, name: str
) -> None:
    source = f"import subprocess\nsubprocess.run([{name!r}, '--version'], check=True)\n"
    add_wheel("demo", "1.0", {"demo.py": source})
    done = build()
    assert done.returncode == 4, done.stderr
    assert f"it needs the program {name}, which neither Lambda nor the layer has" in done.stderr


@pytest.mark.network
def test_python_magic_is_not_proven_by_the_library_of_this_machine(build: Build) -> None:
    of_index = ("UV_", "SSL_", "REQUESTS_", "HTTP", "http", "PIP_")
    env: dict[str, str | None] = {"UV_DEFAULT_INDEX": None, "HOME": os.environ["HOME"]}
    env |= {name: value for name, value in os.environ.items() if name.startswith(of_index)}
    done = build("python-magic", env=env)
    assert done.returncode == 4, done.stderr
    assert "python-magic was asked for, and magic does not import" in done.stderr
    assert "it needs the shared library libmagic" in done.stderr


def test_the_runtimes_differ() -> None:
    old = base_libraries(Target(python=Python.PY311, architecture=Architecture.X86_64))
    new = base_libraries(Target(python=Python.PY312, architecture=Architecture.ARM64))
    assert {"libc.so.6", "libz.so.1", "libffi.so.6"} <= old
    assert {"libc.so.6", "libz.so.1", "libffi.so.8", "libssl.so.3"} <= new
    assert not {"libmagic.so.1", "libcurl.so.4", "libxml2.so.2", STRANGER} & (old | new)
