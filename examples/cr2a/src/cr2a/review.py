"""Reads a contract as a lawyer in a hurry would: what is missing, what is one-sided."""

import re

from pydantic import BaseModel

from src.cr2a.contracts import Contract

EXPECTED = ("liability", "termination", "governing-law")
RISKS = {
    r"\bunlimited liability\b": "liability has no cap",
    r"\bsole discretion\b": "one party decides alone",
    r"\bautomatically renew": "renews unless somebody remembers to stop it",
    r"\bwithout (prior )?notice\b": "takes effect without notice",
}


class Finding(BaseModel):
    """One thing to talk about before signing."""

    clause: str | None
    message: str


def review(contract: Contract) -> list[Finding]:
    """List the findings in the order of the clauses; what is missing comes last."""
    found = [
        Finding(clause=clause.number, message=message)
        for clause in contract.clauses
        for pattern, message in RISKS.items()
        if re.search(pattern, clause.text, re.IGNORECASE)
    ]
    present = {clause.kind for clause in contract.clauses}
    missing = [kind for kind in EXPECTED if kind not in present]
    return found + [Finding(clause=None, message=f"no clause on {kind}") for kind in missing]
