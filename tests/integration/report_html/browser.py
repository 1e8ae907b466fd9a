"""A headless Chromium with a page in it, and what it complained of."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WIDE, PHONE = 1280, 390


@dataclass(kw_only=True)
class Opened:
    """A page as it is shown."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    """Of the console, and dialogs."""

    def figures(self) -> dict[str, tuple[str, str]]:
        """Give value and text of each figure, by what leads to it in the report."""
        found: list[list[str]] = self.page.evaluate(
            "() => [...document.querySelectorAll('data[data-at]')]"
            ".map((one) => [one.dataset.at, one.value, one.textContent])"
        )
        return {at: (value, text) for at, value, text in found}

    def ask(self, expression: str) -> Any:  # noqa: ANN401 (JSON)
        """Evaluate JavaScript."""
        return self.page.evaluate(expression)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start one; skips the test where there is none."""
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        pytest.skip(f"no Chromium here: none of {', '.join(_PROGRAMS)} is on PATH")
    with sync_playwright() as playwright:
        # Its sandbox needs rights that not every machine gives; the pages are our own.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, file: Path, *, width: int, scheme: Any = "light") -> Iterator[Opened]:  # noqa: ANN401 (one of playwright's words)
    """Open a page from its file, and wait until it is drawn."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    found, asked = Opened(page=page), list[str]()
    page.on("console", lambda message: found.complaints.append(message.text))
    page.on("pageerror", lambda error: found.complaints.append(str(error)))
    page.on("dialog", lambda dialog: found.complaints.append(dialog.message))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => drawn()))")
    yield found
    context.close()
    assert asked == [file.as_uri()]
