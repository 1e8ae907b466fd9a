"""Rewrites one layer of a manifest as several, leaving the rest of the text as it is."""

import math
import re
from collections.abc import Mapping, Sequence

import yaml


def replace_layer(text: str, key: str, entries: Mapping[str, Mapping[str, object]]) -> str:
    """Put layers in the place of one, and name them wherever it was named.

    `entries` gives the new layers by key, the lowest first; functions load all of them, layers
    that required the old one require the highest.
    """
    root = yaml.compose(text)
    layers = _value(root, "layers")
    edits: list[tuple[int, int, str]] = []
    for name, entry in getattr(layers, "value", ()):
        if name.value == key and getattr(layers, "flow_style", False):
            edits.append((name.start_mark.index, entry.end_mark.index, _flow(entries)))
            continue
        if name.value == key:
            start = text.rfind("\n", 0, name.start_mark.index) + 1
            end = start + len(text[start : _end(entry)].rstrip())
            edits.append((start, end, _block(entries, name.start_mark.column)))
            continue
        requires = _value(entry, "requires")
        edits += _renamed(requires, key, list(entries)[-1:])
    functions = _value(root, "functions")
    for _, entry in getattr(functions, "value", ()):
        edits += _renamed(_value(entry, "layers"), key, list(entries))
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def format_layers(entries: Mapping[str, Mapping[str, object]], indent: int = 2) -> str:
    """Write layers as they stand below `layers:`."""
    return _block(entries, indent) + "\n"


def _block(entries: Mapping[str, Mapping[str, object]], indent: int) -> str:
    dumped = "".join(
        yaml.safe_dump({name: dict(entry)}, sort_keys=False, allow_unicode=True, width=100)
        for name, entry in entries.items()
    )
    return re.sub(r"(?m)^", " " * indent, dumped.rstrip())


def _flow(entries: Mapping[str, Mapping[str, object]]) -> str:
    whole = {name: dict(entry) for name, entry in entries.items()}
    dumped = yaml.safe_dump(
        whole, sort_keys=False, allow_unicode=True, default_flow_style=True, width=math.inf
    )
    return dumped.strip()[1:-1]


def _end(node: yaml.Node) -> int:
    """Say where the last value in a node ends; a block's own mark lies behind later comments."""
    while isinstance(node, yaml.CollectionNode) and node.value and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return int(node.end_mark.index)


def _value(node: yaml.Node | None, key: str) -> yaml.Node | None:
    for name, value in getattr(node, "value", ()) if isinstance(node, yaml.MappingNode) else ():
        if name.value == key:
            return value if isinstance(value, yaml.Node) else None
    return None


def _renamed(names: yaml.Node | None, key: str, new: Sequence[str]) -> list[tuple[int, int, str]]:
    """Find the places in a list of names that say the key."""
    nodes = names.value if isinstance(names, yaml.SequenceNode) else [names] if names else []
    flow = not isinstance(names, yaml.SequenceNode) or names.flow_style
    edits = []
    column = names.start_mark.column if names else 0
    for node in nodes:
        if isinstance(node, yaml.ScalarNode) and node.value == key:
            between = ", " if flow else "\n" + " " * column + "- "
            edits.append((node.start_mark.index, node.end_mark.index, between.join(new)))
    return edits
