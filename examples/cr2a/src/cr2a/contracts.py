"""A contract and its clauses, with the vocabulary of `schemas/contract.schema.json`."""

import json
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

ROOT = Path(__file__).resolve().parents[2]
"""Holds src/, schemas/ and templates/: /opt/python on Lambda, this directory elsewhere."""

SCHEMA = json.loads((ROOT / "schemas" / "contract.schema.json").read_text(encoding="utf-8"))
KINDS: tuple[str, ...] = tuple(SCHEMA["$defs"]["clause"]["properties"]["kind"]["enum"])


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise ValueError(f"is not one of {', '.join(KINDS)}")
    return kind


class Clause(BaseModel):
    """One numbered paragraph."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: str
    kind: Annotated[str, AfterValidator(_known)]
    text: str = Field(min_length=1)


class Contract(BaseModel):
    """What two or more parties agreed on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    parties: tuple[str, ...] = Field(min_length=2)
    signed: date | None = None
    clauses: tuple[Clause, ...] = ()
