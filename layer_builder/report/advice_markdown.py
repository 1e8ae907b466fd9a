"""Advice on layers as Markdown: what to write, what it takes off, what it does."""

from layer_builder.advice import advice_for
from layer_builder.model import mib
from layer_builder.outcome import Outcome
from layer_builder.report.escaping import code_span, escape_markdown


def render_advice(outcome: Outcome) -> str:
    """Render a table of all advice, the largest gain of a layer first; empty where there is none."""
    rows = []
    for layer_id, built in outcome.built.items():
        kind = built.tightest.limit.kind
        for one in advice_for(built, outcome.advice.get(layer_id, ())):
            gain = one.gain_of(kind)
            measured = f"{mib(gain)} {kind}" if gain is not None else "–"
            # In a table a bar parts cells, in code too: https://github.github.com/gfm/#tables-extension-
            change = code_span(one.line).replace("|", r"\|")
            rows.append(
                f"| {escape_markdown(built.layer.title)} | {change} | {measured} |"
                f" {escape_markdown(one.text)} |"
            )
    if not rows:
        return ""
    head = ["### Advice", "", "| layer | change | takes off | |", "| --- | --- | ---: | --- |"]
    return "\n".join([*head, *rows])
