"""Advice on a layer, as data."""

from typing import Any

from layer_builder.advice import advice_for
from layer_builder.model import Built
from layer_builder.outcome import Outcome


def advice_data(outcome: Outcome, built: Built) -> list[dict[str, Any]]:
    """List what would make a layer smaller, the largest gain first.

    Gains are bytes of the limit that the layer comes closest to; null for what was not measured.
    """
    kind = built.tightest.limit.kind
    found = advice_for(built, outcome.advice.get(built.layer.id, ()))
    return [
        {"gain_bytes": one.gain_of(kind), "kind": kind, "line": one.line, "text": one.text}
        for one in found
    ]
