"""The target: a Lambda Python runtime on an architecture, which fixes the platform.

Facts: Lambda runtimes, https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html;
Amazon Linux 2 has glibc 2.26 and Amazon Linux 2023 has glibc 2.34.
"""

from collections.abc import Set as AbstractSet
from enum import StrEnum
from typing import Literal, assert_never

from layer_builder.lazy_dataclasses import dataclass


class Python(StrEnum):
    """The Python minor versions that Lambda runs."""

    PY310 = "3.10"
    PY311 = "3.11"
    PY312 = "3.12"
    PY313 = "3.13"
    PY314 = "3.14"
    PY315 = "3.15"


class Architecture(StrEnum):
    """Lambda's instruction sets, by their names in the API."""

    X86_64 = "x86_64"
    ARM64 = "arm64"


@dataclass(frozen=True, kw_only=True, order=True)
class Target:
    """What a layer is built for."""

    python: Python
    architecture: Architecture

    @property
    def runtime(self) -> str:
        """The name of the runtime in the Lambda API."""
        return f"python{self.python}"

    @property
    def label(self) -> str:
        """Short name, as in `layer-arns` and the report: `3.12-arm64`."""
        return f"{self.python}-{self.architecture}"

    @property
    def glibc(self) -> tuple[int, int]:
        """The C library of the runtime's base system."""
        match self.python:
            case Python.PY310 | Python.PY311:
                return (2, 26)
            case Python.PY312 | Python.PY313 | Python.PY314 | Python.PY315:
                return (2, 34)
            case _:
                assert_never(self.python)

    @property
    def uv_platform(self) -> str:
        """The `--python-platform` that makes uv choose wheels which load here.

        uv has no step between manylinux 2.17 and 2.28, so glibc 2.26 takes 2.17.
        """
        manylinux = "manylinux_2_17" if self.glibc < (2, 28) else "manylinux_2_34"
        return f"{self.machine}-{manylinux}"

    @property
    def newest_uv_platform(self) -> str:
        """The platform of the newest runtimes: shows what this target's glibc holds back."""
        return f"{self.machine}-manylinux_2_34"

    @property
    def machine(self) -> Literal["x86_64", "aarch64"]:
        """The architecture's name in wheel tags, uv and `uname -m`."""
        match self.architecture:
            case Architecture.X86_64:
                return "x86_64"
            case Architecture.ARM64:
                return "aarch64"
            case _:
                assert_never(self.architecture)

    @property
    def markers(self) -> dict[str, str | AbstractSet[str]]:
        """The values that environment markers (PEP 508) have on the target."""
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.0",
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": f"{self.python}.0",
            "python_version": str(self.python),
            "sys_platform": "linux",
            "extra": "",
        }

    @property
    def notice(self) -> str | None:
        """What to know about the runtime's age (AWS runtime table, November 2026)."""
        match self.python:
            case Python.PY310:
                return (
                    "python3.10 was deprecated on 2026-10-31; AWS blocks new functions from"
                    " 2026-11-30 and updates from 2027-01-15"
                )
            case Python.PY315:
                return "python3.15 is a public preview on Lambda, without a service agreement"
            case Python.PY311 | Python.PY312 | Python.PY313 | Python.PY314:
                return None
            case _:
                assert_never(self.python)
