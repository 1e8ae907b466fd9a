"""What the user may want to know of a local project: that it is a copy, and what is not in it."""

from collections.abc import Iterable

from layer_builder.console import Reporter
from layer_builder.direct import DirectReference, LocalSource
from layer_builder.errors import Problem
from layer_builder.model import Layer


def tell_local_projects(
    layer: Layer, references: Iterable[DirectReference], reporter: Reporter
) -> None:
    """Say what `-e` means for a layer, and which files look like credentials and were left out."""
    for one in references:
        if not isinstance(one.origin, LocalSource):
            continue
        if one.is_editable:
            reporter.step(
                layer.title,
                f"{one.place}: -e {one.origin.path} means the same as {one.origin.path}: a wheel is"
                " built of what is there now",
            )
        if one.origin.left_out:
            reporter.warn(
                Problem(
                    message=f"left out of {one.name}, since they look like credentials:"
                    f" {', '.join(one.origin.left_out)}",
                    layer=layer.key,
                    place=one.place,
                )
            )
