"""Which libraries a target would load."""

import pytest

from layer_builder.model.target import Architecture, Python, Target
from layer_builder.native import compatibility
from layer_builder.native.compatibility import Wheel
from layer_builder.native.elf import Elf

OLD = Target(python=Python.PY311, architecture=Architecture.X86_64)
NEW = Target(python=Python.PY312, architecture=Architecture.X86_64)
ARM = Target(python=Python.PY313, architecture=Architecture.ARM64)
DEMO = Wheel(name="demo", version="1.0", tags=("cp312-cp312-manylinux_2_17_x86_64",))


def elf(
    *versions: str, machine: str = "x86_64", needed: tuple[str, ...] = (), aligned: bool = True
) -> Elf:
    return Elf(machine=machine, versions=frozenset(versions), needed=needed, is_aligned=aligned)


def errors(target: Target, **libraries: Elf) -> list[str]:
    found = compatibility.compatibility_findings(dict(libraries), target, {})
    return [line for problem in found.errors for line in problem.details]


@pytest.mark.parametrize(
    ("target", "version", "said"),
    [
        (OLD, "GLIBC_2.26", []),
        (OLD, "GLIBC_2.27", ["lib: needs GLIBC_2.27; the runtime has GLIBC_2.26"]),
        (NEW, "GLIBC_2.34", []),
        (NEW, "GLIBC_2.35", ["lib: needs GLIBC_2.35; the runtime has GLIBC_2.34"]),
        (OLD, "GLIBCXX_3.4.24", []),
        (OLD, "GLIBCXX_3.4.25", ["lib: needs GLIBCXX_3.4.25; the runtime has GLIBCXX_3.4.24"]),
        (NEW, "GLIBCXX_3.4.29", []),
        (NEW, "GLIBCXX_3.4.30", ["lib: needs GLIBCXX_3.4.30; the runtime has GLIBCXX_3.4.29"]),
        (OLD, "CXXABI_1.3.12", ["lib: needs CXXABI_1.3.12; the runtime has CXXABI_1.3.11"]),
        (NEW, "CXXABI_1.3.13", []),
        (OLD, "GLIBC_PRIVATE", []),
        (OLD, "OPENSSL_9.9", []),
    ],
)
def test_symbols_newer_than_the_runtimes_are_errors(
    target: Target, version: str, said: list[str]
) -> None:
    assert errors(target, lib=elf("GLIBC_2.5", version)) == said


def test_a_layer_that_brings_its_own_libstdcxx_may_need_a_newer_one() -> None:
    both = {"lib": elf("GLIBCXX_3.4.32"), "demo.libs/libstdc++.so.6": elf("GLIBC_2.17")}
    assert compatibility.compatibility_findings(both, OLD, {}).errors == ()


@pytest.mark.parametrize(
    ("target", "machine", "said"),
    [
        (NEW, "aarch64", ["lib: is for aarch64, the layer for x86_64"]),
        (ARM, "x86_64", ["lib: is for x86_64, the layer for aarch64"]),
        (ARM, "aarch64", []),
        (NEW, "EM_386", ["lib: is for EM_386, the layer for x86_64"]),
        (NEW, "damaged", ["lib: is damaged: its ELF header cannot be read"]),
    ],
)
def test_the_wrong_machine_is_an_error(target: Target, machine: str, said: list[str]) -> None:
    assert errors(target, lib=elf(machine=machine)) == said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("demo/x.cpython-312-x86_64-linux-gnu.so", []),
        ("demo/x.cpython-312.so", []),
        ("demo/x.abi3.so", []),
        ("demo/x.so", []),
        ("demo/x.cpython-311-x86_64-linux-gnu.so", ["is an extension for Python 3.11"]),
        ("demo/x.cpython-39-x86_64-linux-gnu.so", ["is an extension for Python 3.9"]),
    ],
)
def test_an_extension_for_another_python_is_an_error(name: str, said: list[str]) -> None:
    assert errors(NEW, **{name: elf()}) == [f"{name}: {text}" for text in said]


def test_a_file_off_its_pages_is_damaged() -> None:
    (line,) = errors(NEW, lib=elf(aligned=False))
    assert line == "lib: a segment is not page-aligned; the file is damaged (by strip, most likely)"


def test_the_error_names_the_wheel_and_five_of_its_files() -> None:
    libraries = {f"demo/{n}.so": elf(machine="aarch64") for n in range(7)}
    (problem,) = compatibility.compatibility_findings(
        libraries, NEW, dict.fromkeys(libraries, DEMO)
    ).errors
    assert problem.message == (
        "demo 1.0 (cp312-cp312-manylinux_2_17_x86_64) cannot load on python3.12 x86_64"
    )
    assert problem.details[0] == "demo/0.so: is for aarch64, the layer for x86_64"
    assert problem.details[5:] == ("and 2 more",)


def test_a_wheel_with_a_library_for_each_machine_is_only_warned_about() -> None:
    libraries = {"demo/arm.so": elf(machine="aarch64"), "demo/intel.so": elf()}
    found = compatibility.compatibility_findings(libraries, NEW, dict.fromkeys(libraries, DEMO))
    assert found.errors == ()
    assert found.warnings[0].details == ("demo/arm.so: is for aarch64, the layer for x86_64",)


@pytest.mark.parametrize(
    ("target", "needed", "missing"),
    [
        (NEW, "libc.so.6", False), (NEW, "libgfortran-abc.so.5", False), (NEW, "libxslt.so.1", True),
        (NEW, "libssl.so.3", False), (NEW, "libssl.so.10", True), (OLD, "libssl.so.10", False),
        (OLD, "libssl.so.3", True), (NEW, "libpython3.12.so.1.0", False),
        (NEW, "libpython3.11.so.1.0", True), (OLD, "libcrypt.so.1", False), (NEW, "libcrypt.so.1", True),
    ],
)  # fmt: skip
def test_a_library_that_nobody_brings_is_a_warning(
    target: Target, needed: str, *, missing: bool
) -> None:
    libraries = {"lib": elf(needed=(needed,)), "demo.libs/libgfortran-abc.so.5": elf()}
    found = compatibility.compatibility_findings(libraries, target, {})
    assert found.errors == ()
    said = [line for problem in found.warnings for line in problem.details]
    line = f"lib: needs {needed}, which neither the layer nor the runtime has"
    assert said == ([line] if missing else [])
