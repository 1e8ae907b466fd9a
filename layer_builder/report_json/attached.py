"""What became of functions, as data for `report.json`."""

from typing import Any

from layer_builder.attach import Attached, FunctionSize, ServingPlan


def attached_data(done: Attached) -> dict[str, Any]:
    """Render what was done with a function as JSON-ready data."""
    planned = done.attachment
    return {
        "function": done.stack.key,
        "function_name": done.stack.function_name,
        "region": done.region,
        "status": str(done.status),
        "had": list(planned.before) if planned else None,
        "has": None if done.has is None else list(done.has),
        "planned": list(planned.after) if planned else None,
        "changes": [
            {"kind": str(change.kind), "before": change.before, "after": change.after}
            for change in (planned.changes if planned else ())
        ],
        "unzipped": _forecast(done.forecast) if done.forecast else None,
        "published_version": done.serving.version or None,
        "alias": _alias(done.serving),
    }


def _alias(serving: ServingPlan) -> dict[str, Any] | None:
    before, after = serving.before, serving.after
    if before is None:
        return None
    return {"name": before.name, "before": str(before), "after": str(after or before)}


def _forecast(forecast: FunctionSize) -> dict[str, Any]:
    reading = forecast.reading
    return {
        "known_bytes": forecast.known,
        "limit": reading.limit.allowed,
        "headroom": reading.headroom,
        "parts": [
            {"name": part.name, "bytes": part.size, "source": part.source}
            for part in forecast.parts
        ],
    }
