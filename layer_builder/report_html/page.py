"""The outcome as one page, `report.html`: all that it needs is in it, and nothing is loaded."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from layer_builder.attach import Attached, Status
from layer_builder.changes import changes_headline
from layer_builder.errors import Problem
from layer_builder.forecast import ERROR
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import mib
from layer_builder.outcome import Outcome
from layer_builder.plain_text import function_lines, old_version_lines, one_line, report_title
from layer_builder.report_html.figures import Figures
from layer_builder.report_html.import_tree import ShownImport, import_tree
from layer_builder.report_html.views import (
    REST,
    Gauge,
    Segment,
    estimate_views,
    layer_views,
    segments,
)
from layer_builder.report_json import report_data

MOST_BYTES = 2_000_000
"""Of a page; one that is larger is made again with fewer blocks."""
_BLOCKS = (4000, 1000, 200, 0)
"""How many blocks the maps of a page have together, tried in turn."""
MOST_ROWS = 300
"""Of a list that a page shows; all are in report.json."""


def render_html(outcome: Outcome) -> str:
    """Render the page; every text from outside is escaped, on one line."""
    data = report_data(outcome)
    page = ""
    for most in _BLOCKS:
        page = _environment().get_template("page.html").render(**_words(outcome, data, most))
        if len(page.encode(errors="replace")) <= MOST_BYTES:
            break
    return page


def load_templates() -> None:
    """Compile what pages are made from, so that the first one is rendered at once."""
    environment = _environment()
    for name in environment.list_templates(extensions=["html"]):
        environment.get_template(name)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("layer_builder.report_html"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        finalize=_on_one_line,
    )
    environment.filters["mib"] = mib
    environment.filters["heaviest"] = _heaviest
    environment.filters["share"] = lambda value: f"{value:.0%}"
    loader = environment.loader
    for name in ("style.css", "page.js"):
        text, _, _ = loader.get_source(environment, name) if loader else ("", None, None)
        environment.globals[name.replace(".", "_")] = Markup(text)  # noqa: S704 (our own file)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        environment.globals[f"{name.replace('.', '_')}_digest"] = digest
    return environment


def _heaviest(packages: Sequence[Mapping[str, Any]]) -> list[tuple[int, Mapping[str, Any]]]:
    """Order distributions by what they weigh, each with its number in the report."""
    return sorted(enumerate(packages), key=lambda one: -(one[1]["bytes_kept"] or 0))


def _on_one_line(value: object) -> object:
    """Take from texts of others what turns, hides or ends lines."""
    return one_line(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _words(outcome: Outcome, data: Mapping[str, Any], most: int) -> dict[str, Any]:
    return {
        "title": report_title(outcome),
        "outcome": outcome,
        "data": data,
        "figures": Figures(data=data),
        "errors": list(map(_lines, outcome.errors)),
        "warnings": list(map(_lines, outcome.warnings)),
        "layers": layer_views(outcome, most),
        "estimates": estimate_views(outcome),
        "estimate_error": ERROR,
        "functions": _functions(outcome, data),
        "changes": _headlines(outcome),
        "old_versions": old_version_lines(outcome),
        "attachments": [_attached(done) for done in outcome.attachments],
        "most": MOST_ROWS,
        "rest": REST,
    }


def _lines(problem: Problem) -> list[str]:
    return [line for text in problem.lines() for line in text.splitlines()]


def _headlines(outcome: Outcome) -> list[str]:
    """Sum up what changed, in the order of the report's `changes`."""
    return [
        changes_headline(outcome.compared[layer.id])
        for layer in outcome.layers
        if layer.id in outcome.compared
    ]


@dataclass(frozen=True, kw_only=True)
class FunctionView:
    """A function of the page; `at` is its number among the report's."""

    at: int
    key: str
    lines: tuple[str, ...]
    gauge: Gauge | None = None
    segments: tuple[Segment, ...] = ()
    imports: tuple[ShownImport, ...] = ()
    hidden: int = 0
    """Imports that are not shown."""


def _functions(outcome: Outcome, data: Mapping[str, Any]) -> list[FunctionView]:
    stacks = [*(weight.stack for weight in outcome.stacks), *outcome.known_functions]
    found = []
    for number, stack in enumerate(stacks):
        told = data["functions"][number]
        shown, gauge = (
            segments(outcome.stacks[number], number, told)
            if number < len(outcome.stacks)
            else ([], None)
        )
        imports = told["proof"]["imports"] if told["proof"] else []
        trees, hidden = import_tree(imports, ("functions", number, "proof", "imports"))
        found.append(
            FunctionView(
                at=number,
                key=stack.key,
                lines=tuple(function_lines(outcome, stack)),
                gauge=gauge,
                segments=tuple(shown),
                imports=tuple(trees),
                hidden=hidden,
            )
        )
    return found


def _attached(done: Attached) -> dict[str, str | Sequence[str]]:
    size = [str(done.forecast)] if done.forecast else []
    return {
        "title": f"{done.title}: {done.status}",
        "lines": [*size, *done.serving.lines(done=done.status is Status.ATTACHED)],
        "diff": list(done.attachment.diff()) if done.attachment else [],
    }
