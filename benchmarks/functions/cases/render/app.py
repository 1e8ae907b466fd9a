"""Renders Markdown with extensions, which are found through entry points."""

import markdown


def handler(event, context):
    renderer = markdown.Markdown(
        extensions=event.get("extensions", []), output_format="html",
        extension_configs={"codehilite": {"guess_lang": False}} if "codehilite" in event.get("extensions", []) else {},
    )
    page = renderer.convert(event["text"])
    return {"html": page, "toc": getattr(renderer, "toc", ""), "meta": getattr(renderer, "Meta", {})}
