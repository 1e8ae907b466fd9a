"""What the layers of functions have more than once, as data."""

from typing import Any

from layer_builder.inventory import find_repeats
from layer_builder.outcome import Outcome

_MOST_FILES = 50
"""Of a function, the largest; `files` counts all."""


def repeats_data(outcome: Outcome) -> list[dict[str, Any]]:
    """Render what several layers of a function have; functions whose zips were all read."""
    found = []
    for stack in outcome.functions:
        if not all(layer.id in outcome.files for layer in stack.layers):
            continue
        repeats = find_repeats([(layer.key, outcome.files[layer.id]) for layer in stack.layers])
        found.append(
            {
                "function": stack.key,
                "bytes": repeats.excess,
                "files": len(repeats.files),
                "distributions": [
                    {"name": one.name, "shares": dict(one.shares)} for one in repeats.distributions
                ],
                "largest": [
                    {"path": file.path, "bytes": file.size, "layers": list(file.layers)}
                    for file in repeats.files[:_MOST_FILES]
                ],
            }
        )
    return found
