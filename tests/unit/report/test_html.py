import re
from dataclasses import replace
from html.parser import HTMLParser

from layer_builder.errors import Place, Problem
from layer_builder.inputs import Inputs
from layer_builder.outcome import Outcome
from layer_builder.report import html as page

EVIL = "<script>alert('1')</script>&\""
VOID = {"br", "meta"}


class _Reader(HTMLParser):
    """Keeps the tags and the text; fails where tags do not nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not {name for name, _ in attrs} & {"src", "href", "onclick", "onload"}
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_holds_what_the_summary_holds(outcome: Outcome) -> None:
    found = _Reader(page.render_html(outcome))
    for words in (
        "Lambda layers: 1 published, 2 unchanged",
        "arn:aws:lambda:eu-west-1:123456789012:layer:core:3",
        "pandas2.2.060.0 MiB24.0 MiB",
        "tests1,23436.0 MiB",
        "2 imports with Python 3.12.11, kept from network and processes",
        "a/tests/x.py for a/core.py:7",
        "apicore 25.0 MiB + code 1000 B20.0 MiB45.0 MiB18% of 250 MiB",
        "layers.yml:4:3: layer core: 1 + 1 is 3\n    first\n    second\n  → count again",
    ):
        assert words in found.text


def test_the_page_loads_nothing_and_runs_nothing(outcome: Outcome) -> None:
    html = page.render_html(outcome)
    assert "script" not in _Reader(html).tags
    assert not re.search(r"https?://|url\(|@import", html)


def test_text_from_outside_stays_text() -> None:
    problem = Problem(
        message=EVIL, layer=EVIL, place=Place(file=EVIL), details=(EVIL,), advice=(EVIL,)
    )
    failed = Outcome(inputs=Inputs(), errors=[problem], warnings=[problem])
    found = _Reader(page.render_html(failed))
    assert found.tags.count("script") == 0
    assert found.text.count(EVIL) == 10


def test_names_of_layers_functions_and_packages_stay_text(outcome: Outcome) -> None:
    for layer_id, built in outcome.built.items():
        evil = replace(built.layer, key=EVIL)
        packages = tuple(replace(p, name=EVIL) for p in built.details.packages)
        details = replace(built.details, packages=packages)
        outcome.built[layer_id] = replace(built, layer=evil, details=details)
    found = _Reader(page.render_html(outcome))
    assert "script" not in found.tags
    assert found.text.count(EVIL) == 5
