"""Makes text of others harmless in Markdown, as GitHub shows it."""

import re

from layer_builder.plain_text import one_line

_MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|<>~&$])")


# What GitHub makes links and mentions of without any markup:
# https://github.github.com/gfm/#autolinks-extension- and
# https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
# Mentions are found in the finished page, where an escaped sign is the sign again: only another
# character between helps.
_LINKED = re.compile(r"(@|#|\bGH-|https?:|ftp:|mailto:|xmpp:|www\.)", re.IGNORECASE)


_NOTHING = "&#8203;"
"""A space without width, which no link goes across."""


def escape_markdown(raw: str) -> str:
    """Make third-party text harmless in Markdown: no markup, links, mentions or further lines."""
    parts = _LINKED.split(one_line(raw))
    escaped = [_MARKUP.sub(r"\\\1", part) for part in parts]
    # The odd ones are what was found.
    return "".join(f"{text}{_NOTHING}" if n % 2 else text for n, text in enumerate(escaped))


def code_span(raw: str) -> str:
    """Show third-party text as it is, between more backticks than it has in a row.

    >>> code_span("a``b")
    '``` a``b ```'
    """
    text = one_line(raw)
    if "`" not in text:
        return f"`{text or ' '}`"
    fence = "`" * (longest_run(text) + 1)
    # The blanks keep a backtick at either end apart: https://spec.commonmark.org/0.31.2/#code-spans
    return f"{fence} {text} {fence}"


def longest_run(text: str) -> int:
    """Count the backticks that follow each other in a text, at most."""
    return max((len(run) for run in re.findall("`+", text)), default=0)
