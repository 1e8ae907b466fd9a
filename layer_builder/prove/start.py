"""Starts the programs that import, in the target's Python, where they reach nothing but the layer."""

import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from layer_builder.isolation import Confined, Policy, launch, prefixes
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.native import lambda_programs

_PROGRAMS = Path(__file__).parent / "programs"
_PART = "from layer_builder.prove.programs."


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Where a process of the target's Python imports, and whether only isolated."""

    python: Path
    root: Path
    """The layer, as /opt/python."""
    others: tuple[Path, ...] = ()
    """Folders that come behind on `sys.path`: of packages that the runtime brings."""
    caches: tuple[Path, ...]
    """Bytecode is written to the first, and read from all."""
    libraries: frozenset[str] | None = None
    """The shared libraries that Lambda has, by file name: imports find these, and no more programs
    than there; None where all that this machine has may do."""
    required: bool = True
    """Whether nothing is imported where it cannot be isolated."""

    @property
    def beside(self) -> tuple[Path, ...]:
        """The layer's /opt/lib, where it has one; as a tree has it."""
        folder = self.root.parent / "lib"
        return (folder,) if folder.is_dir() else ()

    def orders(self) -> dict[str, Any]:
        """Say where things are, as the programs have it."""
        return {
            "root": str(self.root),
            "others": [str(folder) for folder in self.others],
            "caches": [str(folder) for folder in self.caches],
            "beside": [str(folder) for folder in self.beside],
            "libraries": sorted(self.libraries) if self.libraries is not None else None,
        }

    def start(
        self, program: str, home: Path, *, descriptors: Mapping[int, int] | None = None
    ) -> Confined:
        """Start a program in a home of its own; it waits for orders on its standard input.

        `descriptors` are ours by the numbers that they have there, from 3 on without a gap; it has
        no others. Raises ProofError where it must be isolated and cannot be.
        """
        handed = descriptors or {}
        links = None if self.libraries is None else lambda_programs(self.python)
        policy = Policy(
            read=(
                *prefixes(self.python),
                self.root,
                *self.others,
                *self.caches,
                *self.beside,
                home,
                *([links] if links else []),
            ),
            write=(home, self.caches[0]),
            programs=tuple(links.iterdir()) if links else None,
            libraries=self.libraries,
            required=self.required,
        )
        moves = "".join(f"os.dup2({ours}, {theirs});" for theirs, ours in handed.items())
        # The program's own text is passed, not its path: nothing of ours is importable there.
        text = f"import os; {moves} os.closerange({3 + len(handed)}, 256)\n{program_text(program)}"
        return launch(
            [str(self.python), "-I", "-S", "-c", text],
            policy,
            environ={
                "PATH": str(links or "/usr/bin:/bin"),
                "HOME": str(home),
                "TMPDIR": str(home),
                "LANG": "C.UTF-8",
                "PYTHONHASHSEED": "0",
                **({"LD_LIBRARY_PATH": str(self.beside[0])} if self.beside else {}),
            },
            folder=home,
            stdin=subprocess.PIPE,
            descriptors=tuple(handed.values()),
        )


@cache
def program_text(name: str) -> str:
    """Give the text of a program, with that of the parts which it imports in their place."""
    return "".join(_with_parts(name, set()))


def _with_parts(name: str, seen: set[str]) -> Sequence[str]:
    lines: list[str] = []
    for line in (_PROGRAMS / f"{name}.py").read_text(encoding="utf-8").splitlines(keepends=True):
        if not line.startswith(_PART):
            lines.append(line)
        elif (part := line.removeprefix(_PART).partition(" ")[0]) not in seen:
            seen.add(part)
            lines += _with_parts(part, seen)
    return lines
