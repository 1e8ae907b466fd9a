"""Lists as Lambda gives them: filtered, a page at a time, with a marker for the next."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .answers import Answer, refusal
from .calls import Call

_LISTS = {
    "ListLayers": "Layers",
    "ListLayerVersions": "LayerVersions",
    "ListFunctions": "Functions",
    "ListVersionsByFunction": "Versions",
    "ListAliases": "Aliases",
}


class Paging:
    """Gives at most `page` items at a time, and fewer where MaxItems says so."""

    def __init__(self, page: int = 2) -> None:
        self._page = page

    def refuse(self, call: Call) -> Answer | None:
        """Refuse a marker that was never given out."""
        if call.operation in _LISTS and _start(call) is None:
            return refusal(call, 400, "InvalidParameterValueException", "Invalid marker")
        return None

    def amend(self, call: Call, answer: Answer) -> Answer:
        """Cut the whole list down to what was asked for."""
        member = _LISTS.get(call.operation)
        if call.service != "lambda" or member is None or answer.status != 200:
            return answer
        data = json.loads(answer.body)
        items = [item for item in data.get(member, []) if _suits(item, call.query)]
        start = _start(call) or 0
        end = start + min(self._page, int(call.query.get("MaxItems", self._page)))
        data.pop("NextMarker", None)
        data[member] = items[start:end]
        if end < len(items):
            data["NextMarker"] = base64.urlsafe_b64encode(b"from %d" % end).decode()
        return replace(answer, body=json.dumps(data).encode())


def _start(call: Call) -> int | None:
    marker = call.query.get("Marker")
    if marker is None:
        return 0
    try:
        word, _, number = base64.urlsafe_b64decode(marker).decode().partition(" ")
        return int(number) if word == "from" else None
    except (binascii.Error, ValueError):
        return None


def _suits(item: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    version = item.get("LatestMatchingVersion", item)
    wanted = {
        "CompatibleRuntimes": query.get("CompatibleRuntime"),
        "CompatibleArchitectures": query.get("CompatibleArchitecture"),
    }
    return all(value in (version.get(name) or ()) for name, value in wanted.items() if value)
