"""The manifest's model: every key, its type, and what an editor should say about it."""

import re
from typing import Annotated, Any, Literal

from pathspec import GitIgnoreSpec
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
)

from layer_builder.layer import Compression
from layer_builder.limits import (
    DESCRIPTION_CHARACTERS,
    LAYER_VERSION_ARN_PATTERN,
    LICENSE_CHARACTERS,
)
from layer_builder.proof import Depth
from layer_builder.rules import Profile
from layer_builder.target import Architecture, Python

_SIZE_PATTERN = r"^\s*\d+(\.\d+)?\s*([kKmMgG]i?)?[bB]?\s*$"


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, (str, int, dict)) else value


def _size(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or not re.match(_SIZE_PATTERN, value):
        message = "a size is a number with a unit, such as `50 MiB`"
        raise ValueError(message)
    return value


def _sdk(value: object) -> object:
    if value in {"bundle", "runtime"} if isinstance(value, str) else _is_services(value):
        return value
    message = "it is bundle, runtime, or a list of services such as [s3, sqs]"
    raise ValueError(message)


def _is_services(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)


def _pattern(value: str) -> str:
    try:
        GitIgnoreSpec.from_lines([value])
    except ValueError:
        message = "git knows no such pattern"
        raise ValueError(message) from None
    return value


def _share(value: object) -> object:
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", value) if isinstance(value, str) else None
    if not found or not 0 < float(found[1]) <= 100:  # noqa: PLR2004 (per cent)
        message = "a share is a percentage above 0 and up to 100, such as `80%`"
        raise ValueError(message)
    return float(found[1]) / 100


Size = Annotated[
    ByteSize,
    BeforeValidator(
        _size, json_schema_input_type=Annotated[str, Field(pattern=_SIZE_PATTERN)] | int
    ),
]
Share = Annotated[
    float,
    BeforeValidator(
        _share, json_schema_input_type=Annotated[str, Field(pattern=r"^\s*\d+(\.\d+)?\s*%\s*$")]
    ),
]
SdkChoice = Annotated[
    Literal["bundle", "runtime"] | list[str],
    BeforeValidator(_sdk, json_schema_input_type=Literal["bundle", "runtime"] | list[str]),
]
Text = Annotated[str, StringConstraints(min_length=1, strict=True)]
Texts = Annotated[
    list[Text], BeforeValidator(_one_or_many, json_schema_input_type=Text | list[Text])
]
Patterns = Annotated[
    list[Annotated[Text, AfterValidator(_pattern)]],
    BeforeValidator(_one_or_many, json_schema_input_type=Text | list[Text]),
]
Pythons = Annotated[
    list[Python],
    BeforeValidator(_one_or_many, json_schema_input_type=Python | list[Python]),
    Field(min_length=1),
]
Architectures = Annotated[
    list[Architecture],
    BeforeValidator(_one_or_many, json_schema_input_type=Architecture | list[Architecture]),
    Field(min_length=1),
]


class _Model(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=lambda name: name.replace("_", "-"),
        use_attribute_docstrings=True,
    )


class Limits(_Model):
    """Budgets for a layer. Never looser than AWS's own limits."""

    zip: Size | None = None
    """The zip, for example `50 MiB`. Without an S3 bucket AWS takes 50 MiB at most."""
    unzipped: Size | None = None
    """All files of the layer unpacked, for example `250 MiB`, which is AWS's limit."""
    warn_at: Share | None = None
    """The share of a limit from which to warn; 80% unless said otherwise."""


class IncludeFrom(_Model):
    """Files or a folder of the workspace, and where they go in the layer."""

    from_: Text = Field(alias="from")
    """A file or a folder, relative to the manifest."""
    to: Text | None = None
    """Where it goes, relative to /opt; `python/` is on Python's path."""


def _include(value: object) -> object:
    return {"from": value} if isinstance(value, str) else value


Included = Annotated[
    IncludeFrom, BeforeValidator(_include, json_schema_input_type=Text | IncludeFrom)
]
Includes = Annotated[
    list[Included],
    BeforeValidator(
        _one_or_many, json_schema_input_type=Text | IncludeFrom | list[Text | IncludeFrom]
    ),
]


class UvEntry(_Model):
    """A project with a uv.lock, or with a pyproject.toml only."""

    project: Text = "."
    """The project's folder, relative to the manifest."""
    group: Texts | None = None
    """Dependency groups; without one, the project's own dependencies."""
    extra: Texts | None = None
    """Extras of the project."""


class _Settings(_Model):
    """What may stand at the top for all layers, and in each layer for itself."""

    python: Pythons | None = None
    """The Lambda runtime's Python, such as "3.12". A list builds the layer for each."""
    architecture: Architectures | None = None
    """x86_64 (the default) or arm64. A list builds the layer for each."""
    name: Text | None = None
    """The layer's name on AWS; {layer}, {python} and {architecture} are filled in."""
    prune: Profile | None = None
    """off, safe (the default) or aggressive."""
    bytecode: Literal["none"] | None = None
    """none: no bytecode is packed."""
    compression: Compression | None = None
    """fast, balanced (the default) or best."""
    limits: Limits | None = None
    strip: StrictBool | None = None
    """Strip native libraries of symbol tables and debugging sections."""
    sdk: SdkChoice | None = None
    """bundle (the default): the AWS SDK as required; runtime: left out, Lambda brings one;
    a list of services: with the data of these only."""
    proof: Depth | None = None
    """imports (the default): top-level modules and the level below; deep: every module;
    static: run nothing; off."""
    keep: Patterns | None = None
    """gitignore patterns of installed files that no rule removes."""
    drop: Patterns | None = None
    """gitignore patterns of installed files to remove besides."""
    build: Texts | None = None
    """Distributions that may be built from their sdist; all others come as wheels."""
    description: Annotated[str, StringConstraints(max_length=DESCRIPTION_CHARACTERS)] | None = None
    """Shown on AWS; 256 characters at most."""
    license: Annotated[str, StringConstraints(max_length=LICENSE_CHARACTERS)] | None = None
    """LicenseInfo on AWS: an SPDX identifier, a URL or the text; 512 characters at most."""


class LayerEntry(_Settings):
    """One layer."""

    requirements: Texts | None = None
    """A requirements file, or a list of them, relative to the manifest."""
    packages: Texts | None = None
    """Requirements written here, such as "pandas>=2"."""
    uv: UvEntry | None = None
    """What a uv.lock has, or a pyproject.toml asks for: {project: ., group: core}."""
    include: Includes | None = None
    """Files and folders of the workspace."""
    requires: Texts | None = None
    """Keys of layers that are loaded below this one: resolved together, and what they hold is
    not repeated."""
    imports: Texts | None = None
    """Modules that must import, besides those that are proven anyway."""
    exclude: Patterns | None = None
    """gitignore patterns of included files to leave out."""


class ExternalEntry(_Model):
    """Somebody else's layer version."""

    arn: Annotated[str, StringConstraints(pattern=LAYER_VERSION_ARN_PATTERN)]
    """The ARN of the layer version."""
    unzipped: Size
    """What it unzips to, for example `40 MiB`: no API tells it."""


class FunctionEntry(_Model):
    """A function and the layers it loads, in order."""

    layers: Annotated[list[Text], Field(min_length=1)]
    """Keys of layers, at most five; a later one overwrites files of an earlier one."""
    function_name: Text | None = None
    """The function's name on AWS."""
    external: list[ExternalEntry] | None = None
    """Other people's layers that the function loads before these; they count among the five."""
    reserve: Size | None = None
    """Bytes to keep free for the function's own code."""
    python: Python | None = None
    """The Python it runs on, where its layers leave a choice."""
    architecture: Architecture | None = None
    """The architecture it runs on, where its layers leave a choice."""


class ManifestFile(_Settings):
    """Lambda layers: what they hold, what they are built for, and who loads them."""

    version: Literal[1]
    """The version of this format."""
    layers: Annotated[dict[str, LayerEntry], Field(min_length=1)]
    functions: dict[str, FunctionEntry] | None = None


PLANNED = frozenset({"permissions", "retain", "regions", "ssm"})
"""Keys of the design that this version does not know yet."""


def json_schema() -> dict[str, Any]:
    """Generate the JSON Schema of `layers.yml` for editors."""
    schema = ManifestFile.model_json_schema(by_alias=True, mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "layers.yml of layer-builder",
        **{key: value for key, value in schema.items() if key != "title"},
    }
