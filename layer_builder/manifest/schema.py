"""The manifest's model: every key, its type, and what an editor should say about it."""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
)

from layer_builder.manifest.fields import (
    Accounts,
    Architectures,
    Organization,
    Patterns,
    Pythons,
    Regions,
    SdkChoice,
    Share,
    Size,
    Text,
    Texts,
    one_line,
    one_or_many,
)
from layer_builder.model.limits import (
    DESCRIPTION_CHARACTERS,
    LAYER_VERSION_ARN_PATTERN,
    LICENSE_CHARACTERS,
)
from layer_builder.model.settings import Bytecode, Compression, ProofDepth, PruneProfile, S3Mode
from layer_builder.model.target import Architecture, Python


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
        one_or_many, json_schema_input_type=Text | IncludeFrom | list[Text | IncludeFrom]
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


class PermissionsEntry(_Model):
    """Who else may use the layer versions."""

    accounts: Accounts | None = None
    """AWS accounts, 12 digits each, quoted."""
    organization: Organization | None = None
    """All accounts of an AWS organization, such as o-a1b2c3d4e5."""
    public: StrictBool | None = None
    """true: everybody. Nothing else makes a layer public."""


class RetainEntry(_Model):
    """How many layer versions stay when a new one is published."""

    versions: Annotated[int, Field(ge=1, strict=True)]
    """This many of the newest stay, and all that a function uses."""
    days: Annotated[int, Field(ge=0, strict=True)] = 0
    """Versions younger than this stay as well."""


def _retain(value: object) -> object:
    return {"versions": value} if isinstance(value, int) and not isinstance(value, bool) else value


class S3Entry(_Model):
    """What becomes of a zip that goes through the bucket of the input s3-bucket."""

    mode: S3Mode | None = None
    """copy (the default): Lambda copies the object; reference: Lambda keeps reading it there."""
    remove: StrictBool | None = None
    """true: the object is removed once Lambda has copied it."""


class _Settings(_Model):
    """What may stand at the top for all layers, and in each layer for itself."""

    python: Pythons | None = None
    """The Lambda runtime's Python, such as "3.12". A list builds the layer for each."""
    architecture: Architectures | None = None
    """x86_64 (the default) or arm64. A list builds the layer for each."""
    name: Text | None = None
    """The layer's name on AWS; {layer}, {python} and {architecture} are filled in."""
    prune: PruneProfile | None = None
    """off, safe (the default) or aggressive."""
    bytecode: Bytecode | None = None
    """none (the default): no bytecode is packed; imported: that of what importing the top-level
    modules, and those of `imports:`, loads; all; auto: the most that keeps every limit."""
    compression: Compression | None = None
    """fast, balanced (the default) or best."""
    limits: Limits | None = None
    strip: StrictBool | None = None
    """Strip native libraries of symbol tables and debugging sections."""
    sdk: SdkChoice | None = None
    """bundle (the default): the AWS SDK as required; runtime: left out, Lambda brings one;
    a list of services: with the data of these only."""
    proof: ProofDepth | None = None
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
    license: (
        Annotated[str, StringConstraints(max_length=LICENSE_CHARACTERS), AfterValidator(one_line)]
        | None
    ) = None
    """LicenseInfo on AWS: an SPDX identifier, a URL or the text; 512 characters at most. Line breaks
    become spaces: the API's pattern has none."""
    permissions: PermissionsEntry | None = None
    retain: Annotated[
        RetainEntry | None,
        BeforeValidator(
            _retain,
            json_schema_input_type=Annotated[int, Field(ge=1)] | RetainEntry | None,
        ),
    ] = None
    """How many of the newest versions stay on AWS: a number, or {versions: 5, days: 30}. Versions
    in use stay anyway. Without it nothing is ever deleted."""
    ssm: Text | None = None
    """Name of an SSM parameter that holds the layer version's ARN: /path/{layer}."""
    s3: S3Entry | None = None


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
    regions: Regions | None = None
    """AWS regions to publish to; the input aws-region overrides it."""


def json_schema() -> dict[str, Any]:
    """Generate the JSON Schema of `layers.yml` for editors."""
    schema = ManifestFile.model_json_schema(by_alias=True, mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "layers.yml of layer-builder",
        **{key: value for key, value in schema.items() if key != "title"},
    }
