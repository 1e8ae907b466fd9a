"""Collects news from feeds, and cleans their HTML."""

import feedparser
from bs4 import BeautifulSoup


def handler(event, context):
    feed = feedparser.parse(event["feed"])
    if feed.bozo and not feed.entries:
        return {"error": type(feed.bozo_exception).__name__}
    entries = []
    for entry in feed.entries:
        soup = BeautifulSoup(entry.summary, event.get("parser", "html.parser"))
        for script in soup(["script", "style"]):
            script.decompose()
        entries.append({"title": entry.title, "text": soup.get_text(" ", strip=True), "at": list(entry.published_parsed or [])[:5] if "published" in entry else None,
                        "links": [link["href"] for link in soup.select("a[href^=http]")], "html": soup.prettify()})
    return {"version": feed.version, "title": feed.feed.title, "entries": entries}
