"""The manifest's functions: which layers each loads, and for which target."""

from collections.abc import Mapping, Sequence

from layer_builder.errors import did_you_mean
from layer_builder.manifest.document import YamlPath
from layer_builder.manifest.schema import FunctionEntry, LayerEntry
from layer_builder.manifest.validation import Mistakes
from layer_builder.model import (
    LAYERS_PER_FUNCTION,
    ExternalLayer,
    Layer,
    Stack,
    Target,
    required_layers,
)


def check_requires(
    entries: Mapping[str, LayerEntry], layers: Sequence[Layer], mistakes: Mistakes
) -> None:
    """Check that required layers exist, run on the same targets, and do not require each other."""
    targets: dict[str, set[Target]] = {}
    for layer in layers:
        targets.setdefault(layer.key, set()).add(layer.target)
    requires = {key: list(entry.requires or ()) for key, entry in entries.items()}
    for key, names in requires.items():
        for index, name in enumerate(names):
            at = ("layers", key, "requires", index)
            if name not in targets:
                mistakes.add(
                    f"requires: there is no layer {name!r}", at, layer=key,
                    advice=did_you_mean(name, targets)[0],
                )  # fmt: skip
            elif not targets.get(key, set()) <= targets[name]:
                missing = sorted(t.label for t in targets[key] - targets[name])
                mistakes.add(
                    f"requires {name}, which is not built for {', '.join(missing)}", at, layer=key
                )
            elif key in required_layers(name, requires):
                mistakes.add(f"requires {name}, which requires it in turn", at, layer=key)


def read_function(
    key: str, entry: FunctionEntry, layers: Sequence[Layer], mistakes: Mistakes
) -> Stack | None:
    """Find the layers of a function; None when there are mistakes, which are added."""
    path: YamlPath = ("functions", key)
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
    external = tuple(
        ExternalLayer(arn=item.arn, unzipped_bytes=item.unzipped) for item in entry.external or ()
    )
    if len(entry.layers) + len(external) > LAYERS_PER_FUNCTION:
        mistakes.add(
            f"function {key} has {len(entry.layers) + len(external)} layers;"
            f" AWS attaches {LAYERS_PER_FUNCTION} at most",
            (*path, "layers"),
        )
    requires = {layer.key: layer.requires for layer in layers}
    for index, name in enumerate(entry.layers):
        for needed in required_layers(name, requires):
            if needed in known and needed not in entry.layers[:index]:
                mistakes.add(
                    f"function {key}: layer {name!r} requires {needed!r} before it",
                    (*path, "layers", index),
                    advice=f"name {needed} earlier in the list: what it holds is not in {name}",
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
        external=external,
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
