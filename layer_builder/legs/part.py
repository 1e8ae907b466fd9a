"""The part of the report that one leg knows alone: what was run there, and what was measured.

What is known of a zip lies in its note already, so a part has what no zip has: proofs of functions,
advice and warnings. It is unsigned, like a note: it tells, and decides nothing.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from layer_builder.errors import Problem
from layer_builder.inputs import Inputs
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Advice, FunctionProof
from layer_builder.outcome import Outcome

FORMAT = 1
MOST_BYTES = 16 << 20
"""Of a part that is read; one of 80 layers has less than 1 MiB."""
_NAME = re.compile(r"report(-[0-9a-f]{8})?(-3\.\d+)*(-(x86_64|arm64))*\.json")


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one leg tells of the layers that it built."""

    version: int
    zips: Mapping[str, str]
    """The stem of each zip to its SHA-256, in hexadecimal."""
    proofs: tuple[FunctionProof, ...] = ()
    advice: Mapping[str, tuple[Advice, ...]]
    """By layer id."""
    warnings: tuple[Problem, ...] = ()


@cache
def _parts() -> TypeAdapter[Part]:
    return TypeAdapter(Part)


def part_name(inputs: Inputs) -> str:
    """Name the file of a leg by what selects it; empty where nothing was left out.

    >>> from layer_builder.model import Architecture
    >>> part_name(Inputs(architectures=(Architecture.ARM64,)))
    'report-arm64.json'
    >>> part_name(Inputs())
    ''
    """
    words = [*map(str, inputs.pythons), *map(str, inputs.architectures)]
    if inputs.layers:
        # Their keys have no room in a file's name.
        words.insert(0, hashlib.sha256(",".join(sorted(inputs.layers)).encode()).hexdigest()[:8])
    return f"report-{'-'.join(words)}.json" if words else ""


def is_part(name: str) -> bool:
    """Tell whether a file of an output directory is a part, by its name.

    A layer may be called `report-x86_64`, too: its files end otherwise.

    >>> [is_part(f"report{end}") for end in (".json", "-3.12-arm64.json", "-arm64.cdx.json")]
    [False, True, False]
    """
    return name != "report.json" and _NAME.fullmatch(name) is not None


def part_of(outcome: Outcome) -> Part:
    """Give what this run knows alone."""
    return Part(
        version=FORMAT,
        zips=outcome.digests(),
        proofs=tuple(outcome.function_proofs),
        advice={layer_id: tuple(found) for layer_id, found in outcome.advice.items()},
        warnings=tuple(outcome.warnings),
    )


def part_text(part: Part) -> str:
    """Render it as JSON."""
    return _parts().dump_json(part, indent=2).decode() + "\n"


def read_parts(folder: Path) -> tuple[dict[str, Part], list[Problem]]:
    """Read the parts that lie in a folder, by name; and say which cannot be read."""
    parts: dict[str, Part] = {}
    problems = []
    try:
        paths = sorted(path for path in folder.iterdir() if is_part(path.name))
    except OSError:
        return {}, []
    for path in paths:
        try:
            parts[path.name] = _read(path)
        except (OSError, ValueError) as error:
            problems.append(_unread(path.name, error))
    return parts, problems


def _read(path: Path) -> Part:
    """Read one; raises OSError or ValueError."""
    if not path.is_file() or path.is_symlink():
        raise ValueError("it is no regular file")
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError(f"it has more than {MOST_BYTES:,} bytes")
    part = _parts().validate_json(content)
    if part.version != FORMAT:
        raise ValueError(f"its version is {part.version}, and this program reads {FORMAT}")
    # NaN and Infinity would get into report.json, and no JSON reader would take that.
    json.dumps(_parts().dump_python(part), allow_nan=False, default=str)
    return part


def _unread(name: str, error: OSError | ValueError) -> Problem:
    why = str(error)
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        why = f"{where}: {first['msg']}" if where else first["msg"]
    return Problem(
        message=f"{name} cannot be read: what that leg proved and advised is not in this report",
        details=(why,),
        advice=("build and publish with the same version of this action",),
    )
