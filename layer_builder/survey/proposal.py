"""What `init` proposes: entries of a manifest, each with what it was guessed from."""

from collections.abc import Mapping

from layer_builder.deployments import Hint
from layer_builder.lazy_dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A value for the whole manifest, and why."""

    value: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Proposed:
    """A layer or a function of the manifest."""

    key: str
    entry: Mapping[str, object]
    why: tuple[Hint, ...]
    remarks: tuple[str, ...] = ()
    """What could not become a key, or may be put in by hand."""


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A manifest, before it is written; none where it has no layers."""

    python: Setting
    architecture: Setting
    name: Setting | None
    """The template of the layers' names; None where nothing names the whole."""
    layers: tuple[Proposed, ...]
    functions: tuple[Proposed, ...] = ()
    warnings: tuple[str, ...] = ()
    """What stands in the way of a build."""
    remarks: tuple[str, ...] = ()
    """What was found, and left out."""
