"""The manifest's functions: which layers each loads, and for which target."""

from collections.abc import Sequence

from layer_builder import limits
from layer_builder.document import Path
from layer_builder.layer import Layer
from layer_builder.mistakes import Mistakes
from layer_builder.schema import FunctionEntry
from layer_builder.spelling import did_you_mean
from layer_builder.stack import Stack
from layer_builder.target import Target


def read(
    key: str, entry: FunctionEntry, layers: Sequence[Layer], mistakes: Mistakes
) -> Stack | None:
    """Find the layers of a function; None when there are mistakes, which are added."""
    path: Path = ("functions", key)
    known = {layer.key for layer in layers}
    before = len(mistakes)
    for index, name in enumerate(entry.layers):
        at = (*path, "layers", index)
        if name not in known:
            mistakes.add(
                f"function {key}: there is no layer {name!r}", at,
                advice=did_you_mean(name, known)[0],
            )  # fmt: skip
        elif name in entry.layers[:index]:
            mistakes.add(f"function {key}: layer {name!r} is here twice", at)
    if len(entry.layers) > limits.LAYERS_PER_FUNCTION:
        mistakes.add(
            f"function {key} has {len(entry.layers)} layers;"
            f" AWS attaches {limits.LAYERS_PER_FUNCTION} at most",
            (*path, "layers"),
        )
    if len(mistakes) > before:
        return None
    target = _target(key, entry, layers, mistakes)
    if target is None:
        return None
    by_id = {(layer.key, layer.target): layer for layer in layers}
    return Stack(
        key=key,
        function_name=entry.function_name,
        layers=tuple(by_id[name, target] for name in entry.layers),
        reserve=entry.reserve or 0,
        place=mistakes.document.place(path, of_key=True),
    )


def _target(
    key: str, entry: FunctionEntry, layers: Sequence[Layer], mistakes: Mistakes
) -> Target | None:
    """Find the one Python and architecture that all layers of a function share."""
    sets = [{layer.target for layer in layers if layer.key == name} for name in entry.layers]
    common = sorted(
        target
        for target in set.intersection(*sets)
        if entry.python in {None, target.python}
        and entry.architecture in {None, target.architecture}
    )
    if len(common) == 1:
        return common[0]
    if common:
        mistakes.add(
            f"function {key}: its layers are built for {', '.join(t.label for t in common)}",
            ("functions", key), of_key=True,
            advice="say which one it runs on with python: and architecture:",
        )  # fmt: skip
    else:
        built = (
            f"{name} for {', '.join(sorted(t.label for t in targets))}"
            for name, targets in zip(entry.layers, sets, strict=True)
        )
        mistakes.add(
            f"function {key}: no Python and architecture in common: {'; '.join(built)}",
            ("functions", key), of_key=True,
        )  # fmt: skip
    return None
