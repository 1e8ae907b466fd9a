"""The layers' names on AWS: templates filled in, held against AWS's pattern and each other."""

import re
import string
from collections.abc import Sequence

from layer_builder.manifest.document import YamlPath
from layer_builder.manifest.validation import Mistakes
from layer_builder.model import limits
from layer_builder.model.layer import Layer
from layer_builder.model.target import Target


def layer_name(template: str, key: str, target: Target, path: YamlPath, mistakes: Mistakes) -> str:
    """Name a layer on AWS for a target; `path` is where the template stands."""
    name = fill_template("name", template, key, target, path, mistakes) or key
    if name != key and not re.fullmatch(limits.LAYER_NAME_PATTERN, name):
        mistakes.add(
            f"AWS refuses the layer name {name!r}: it takes 1 to 140 letters, digits, - and _",
            path,
            layer=key,
        )
    return name


def fill_template(  # noqa: PLR0913, PLR0917 (a template, what fills it, where it stands)
    what: str, template: str, key: str, target: Target, path: YamlPath, mistakes: Mistakes
) -> str:
    """Fill in a template for a layer and a target; empty when that cannot be done."""
    fields = {
        "layer": key,
        "python": target.python.replace(".", ""),
        "architecture": str(target.architecture),
    }
    try:
        parts = list(string.Formatter().parse(template))
        if any(spec or conversion for _, _, spec, conversion in parts):
            raise ValueError  # noqa: TRY301 (the same answer as for a lone brace)
        unknown = [name for _, name, _, _ in parts if name is not None and name not in fields]
    except ValueError:
        unknown = ["?"]
    if unknown:
        mistakes.add(
            f"{what} {template!r}: only {{layer}}, {{python}} and {{architecture}} are filled in",
            path,
        )
        return ""
    return template.format(**fields)


def check_names(layers: Sequence[Layer], mistakes: Mistakes) -> None:
    """Note layers that would share a name on AWS."""
    first: dict[str, Layer] = {}
    for layer in layers:
        other = first.setdefault(layer.name, layer)
        if other.key != layer.key:
            mistakes.add(
                f"has the name {layer.name!r} on AWS, and so has layer {other.key}",
                ("layers", layer.key),
                of_key=True,
                layer=layer.key,
                advice="give one of them a name: of its own, or put {layer} into the name",
            )
