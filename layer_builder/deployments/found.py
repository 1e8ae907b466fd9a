"""What descriptions of a deployment say: functions and layers, as SAM, Serverless Framework, CDK and Terraform name them."""

from collections.abc import Iterable, Mapping
from dataclasses import field

from layer_builder.deployments.repository import Hint
from layer_builder.lazy_dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class FoundFunction:
    """A function, as its description has it."""

    name: str
    hint: Hint
    handler: str
    folder: str | None
    """What lies in /var/task; None where the description does not tell."""
    whole: bool = True
    """Whether all of the folder is meant; else what the handler imports of it."""
    python: str = ""
    """Such as 3.12; empty where nothing is said."""
    architecture: str = ""
    layers: tuple[str, ...] = ()
    """Names of found layers."""
    function_name: str = ""
    """On AWS, where it is written out."""
    environment: Mapping[str, str | None] = field(default_factory=dict)
    """None for what is known when it is deployed."""
    remarks: tuple[str, ...] = ()
    scope: int = 0
    """Which description it is of: names of layers mean something in their own one."""


@dataclass(frozen=True, kw_only=True)
class FoundLayer:
    """A layer, as its description has it."""

    name: str
    hint: Hint
    folder: str | None = None
    """What it is made from; None where the description names something else, or nothing."""
    files: tuple[str, ...] = ()
    """Requirements files, where it names them; else those in the folder count."""
    python: str = ""
    architecture: str = ""
    on_aws: str = ""
    """Its name, where it is written out."""
    settings: Mapping[str, object] = field(default_factory=dict)
    """Keys of the manifest."""
    remarks: tuple[str, ...] = ()
    scope: int = 0


@dataclass(frozen=True, kw_only=True)
class Description:
    """What one file, or those of one folder, describe."""

    functions: tuple[FoundFunction, ...] = ()
    layers: tuple[FoundLayer, ...] = ()
    service: str = ""
    """What it calls the whole."""
    remarks: tuple[str, ...] = ()
    tooling: tuple[str, ...] = ()
    """Requirements of the tool itself, which no function needs."""


def other_runtimes(runtimes: Iterable[str]) -> str:
    """Name the runtimes of a layer that is for no Python; empty where one is, or none is said."""
    named = [one for one in runtimes if one]
    return "" if any(map(python_of, named)) else ", ".join(named)


def python_of(runtime: object) -> str:
    """Read a runtime's name.

    >>> python_of("python3.12"), python_of("nodejs20.x")
    ('3.12', '')
    """
    found = runtime if isinstance(runtime, str) else ""
    return found.removeprefix("python") if found.startswith("python3.") else ""
