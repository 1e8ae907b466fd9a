"""Offers the right word for a misspelt one."""

import difflib
from collections.abc import Collection


def did_you_mean(word: str, known: Collection[str]) -> tuple[str, ...]:
    """Offer the nearest right word, or list the choices when they are few."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if near:
        return (f"did you mean {near[0]!r}?",)
    return (f"known here: {', '.join(sorted(known))}",) if known else ()
