"""The manifest's model: every key, its type, and what an editor should say about it."""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
    StrictBool,
    StringConstraints,
)

from layer_builder.manifest.entries import (
    AliasName,
    AuditChoice,
    EntryModel,
    Events,
    ExternalEntry,
    Handler,
    Includes,
    LicensesEntry,
    Limits,
    PermissionsEntry,
    ProjectEntry,
    ProofChoice,
    Retain,
    S3Entry,
    Variable,
)
from layer_builder.manifest.fields import (
    Account,
    Architectures,
    Patterns,
    Pythons,
    Regions,
    SdkChoice,
    Share,
    Size,
    Text,
    Texts,
    Variables,
    one_line,
)
from layer_builder.model import (
    LICENSE_CHARACTERS,
    TEXT_CHARACTERS,
    Architecture,
    Bytecode,
    Compression,
    PruneProfile,
    Python,
)


class _Settings(EntryModel):
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
    modules, and those of `imports:`, loads; all; auto: that of those which the layer's functions load, where all have a handler; else the
    most that keeps every limit."""
    compression: Compression | None = None
    """fast, balanced (the default) or best."""
    limits: Limits | None = None
    strip: StrictBool | None = None
    """Strip native libraries of symbol tables and debugging sections."""
    sdk: SdkChoice | None = None
    """bundle (the default): the AWS SDK as required; runtime: left out, Lambda brings one;
    auto: with the data of the services that the code of its functions asks for;
    a list of services: with the data of these only."""
    proof: ProofChoice | None = None
    """imports (the default): top-level modules and the level below; deep: every module;
    static: run nothing; off. Or {depth: …, unisolated: allow, allow-failing: […]}."""
    keep: Patterns | None = None
    """gitignore patterns of installed files that no rule removes."""
    drop: Patterns | None = None
    """gitignore patterns of installed files to remove besides."""
    variables: Variables | None = None
    """Environment variables that requirements files may take values from, as ${NAME}; no others are
    looked at."""
    build: Texts | None = None
    """Distributions that may be built from their sdist; all others come as wheels."""
    description: Annotated[str, StringConstraints(max_length=TEXT_CHARACTERS)] | None = None
    """Shown on AWS; 160 characters at most: a stamp comes behind it."""
    license: (
        Annotated[str, StringConstraints(max_length=LICENSE_CHARACTERS), AfterValidator(one_line)]
        | None
    ) = None
    """LicenseInfo on AWS: an SPDX identifier, a URL or the text; 512 characters at most. Line breaks
    become spaces: the API's pattern has none."""
    licenses: LicensesEntry | None = None
    """Which licences may be in it: {allow: […], deny: […]} of SPDX identifiers."""
    permissions: PermissionsEntry | None = None
    retain: Retain = None
    """How many of the newest versions stay on AWS: a number, or {versions: 5, days: 30}. Versions
    in use stay anyway. Without it nothing is ever deleted."""
    ssm: Texts | None = None
    """Names of SSM parameters that hold the layer version's ARN: /path/{layer} follows the newest,
    /path/{layer}/{version} and /path/{layer}/{content} stay with theirs."""
    s3: S3Entry | None = None
    architectures: Literal["omit"] | None = None
    """omit: layer versions do not say which architectures they are for. Regions that refuse to be
    told are found out anyway."""
    adopt: StrictBool | None = None
    """true: the layer's name on AWS is taken over from another owner, with its old versions."""


class LayerEntry(_Settings):
    """One layer."""

    requirements: Texts | None = None
    """A requirements file, or a list of them, relative to the manifest."""
    packages: Texts | None = None
    """Requirements written here, such as "pandas>=2"; also projects of the workspace (./libs/common),
    name @ git+https://…@commit, and name @ https://…#sha256=…."""
    project: ProjectEntry | None = None
    """What a project's lock has: uv.lock, poetry.lock, pdm.lock, Pipfile.lock or pylock.toml; without
    one, what its pyproject.toml asks for: {path: ., groups: [core], extras: [web]}. A member of a
    uv workspace has the workspace's uv.lock."""
    include: Includes | None = None
    """Files and folders of the workspace."""
    requires: Texts | None = None
    """Keys of layers that are loaded below this one: resolved together, and what they hold is
    not repeated."""
    imports: Texts | None = None
    """Modules that must import, besides those that are proven anyway."""
    exclude: Patterns | None = None
    """gitignore patterns of included files to leave out."""


class FunctionEntry(EntryModel):
    """A function and the layers it loads, in order."""

    layers: Annotated[list[Text], Field(min_length=1)]
    """Keys of layers, at most five; a later one overwrites files of an earlier one."""
    function_name: Text | None = None
    """The function's name on AWS, without a version or an alias."""
    publish_version: StrictBool | None = None
    """true: `attach` publishes a version of the function once its layers are set."""
    alias: AliasName | None = None
    """The alias that `attach` then moves to the new version, which it publishes for that."""
    weight: Share | None = None
    """The share of calls that the alias sends to the new version, such as 10%; without it all."""
    external: list[ExternalEntry] | None = None
    """Other people's layers that the function loads before these; they count among the five."""
    reserve: Size | None = None
    """Bytes to keep free for the function's own code."""
    python: Python | None = None
    """The Python it runs on, where its layers leave a choice."""
    architecture: Architecture | None = None
    """The architecture it runs on, where its layers leave a choice."""
    code: Includes | None = None
    """Files and folders of the workspace that lie in /var/task; for the proof, never published."""
    handler: Handler | None = None
    """The handler, such as `app.handler`: it must import on the layers."""
    environment: dict[str, Variable] | None = None
    """Its environment variables."""
    timeout: Annotated[int, Field(ge=1, le=900, strict=True)] | None = None
    """Seconds for each event; 10 unless said otherwise."""
    events: Events | None = None
    """JSON files by pattern, or inline: [{event: {…}, expect: {statusCode: 200}}]. Each is tried in a
    fresh process."""
    test_command: Text | None = None
    """A command that must end with 0 on the layers, such as `python -m pytest tests/api`."""
    test_requires: Texts | None = None
    """What test-command needs besides; never shipped."""
    test_sources: Includes | None = None
    """Files and folders of the workspace that test-command needs; it is run among them."""


class ManifestFile(_Settings):
    """Lambda layers: what they hold, what they are built for, and who loads them."""

    version: Literal[1]
    """The version of this format."""
    owner: Text | None = None
    """Whose the layer versions are; by default the repository and the manifest's path in it."""
    account: Account | None = None
    """The AWS account that this may be published to, 12 digits, quoted; with credentials of another
    a run ends before it builds. The input account takes its place."""
    audit: AuditChoice | None = None
    """warn or fail: known vulnerabilities of distributions are asked of an OSV database. Or {level: …,
    ignore: […], database: …}. Without it nobody is asked."""
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
