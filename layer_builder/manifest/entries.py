"""The manifest's smaller mappings: what stands below a key of a layer or a function."""

import ast
import inspect
from itertools import pairwise
from textwrap import dedent
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StrictBool,
    StringConstraints,
    Tag,
)

from layer_builder.manifest.fields import (
    Accounts,
    Licences,
    Organization,
    Share,
    Size,
    Text,
    Texts,
    one_or_many,
)
from layer_builder.model import LAYER_VERSION_ARN_PATTERN, ProofDepth, S3Mode


def _describe(schema: dict[str, Any], model: type[BaseModel]) -> None:
    """Tell an editor of each key what the text below its field says.

    pydantic's `use_attribute_docstrings` would read the sources of all models in every run, for a
    tenth of the time to start.
    """
    for one in reversed(model.__mro__):
        if one is BaseModel or not issubclass(one, BaseModel):
            continue
        (body,) = ast.parse(dedent(inspect.getsource(one))).body
        statements = body.body if isinstance(body, ast.ClassDef) else []
        for field, text in pairwise(statements):
            match field, text:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str(said))),
                ):
                    key = model.model_fields[name].alias or name
                    schema["properties"][key]["description"] = inspect.cleandoc(said)
                case _:
                    pass


class EntryModel(BaseModel):
    """A mapping of the manifest: its keys are known, and written with hyphens."""

    model_config = ConfigDict(
        extra="forbid",
        defer_build=True,
        frozen=True,
        alias_generator=lambda name: name.replace("_", "-"),
        json_schema_extra=_describe,
    )


class Limits(EntryModel):
    """Budgets for a layer. Never looser than AWS's own limits."""

    zip: Size | None = None
    """The zip, for example `50 MiB`. Without an S3 bucket AWS takes 50 MiB at most."""
    unzipped: Size | None = None
    """All files of the layer unpacked, for example `250 MiB`, which is AWS's limit."""
    warn_at: Share | None = None
    """The share of a limit from which to warn; 80% unless said otherwise."""


class LicensesEntry(EntryModel):
    """Which licences may be in a layer."""

    allow: Licences | None = None
    """SPDX identifiers such as MIT, patterns such as BSD-*, or unknown: a distribution that has none
    of these is an error."""
    deny: Licences | None = None
    """The same: a distribution that has one of these is an error, unless it lets you choose another."""


class AuditEntry(EntryModel):
    """Whether vulnerabilities that are known of distributions are asked for, and what they do."""

    level: Literal["warn", "fail"] = "warn"
    """warn (the default), or fail: the run ends with 2 before anything is published, also where the
    database gives no answer."""
    ignore: list[Annotated[str, Field(min_length=1)]] | None = None
    """Ids such as GHSA-… that somebody has looked at."""
    database: Text | None = None
    """The address of an OSV database, https://api.osv.dev unless said otherwise, which is told the names
    and versions of all distributions; or a file of the workspace, relative to the manifest, that holds
    one: a zip of records, such as PyPI/all.zip of OSV's dumps, or records as JSON."""


def _audit(value: object) -> object:
    return {"level": value} if isinstance(value, str) else value


AuditChoice = Annotated[
    AuditEntry,
    BeforeValidator(_audit, json_schema_input_type=Literal["warn", "fail"] | AuditEntry),
]


class ProofEntry(EntryModel):
    """How much to prove, whether that must be isolated, and what of it may fail."""

    depth: ProofDepth | None = None
    """imports (the default), deep, static or off."""
    unisolated: Literal["allow"] | None = None
    """allow: the proof may run where the system cannot isolate it; a warning says so."""
    allow_failing: Texts | None = None
    """Distributions that stay in the layer although none of their modules imports in the proof."""


def _proof(value: object) -> object:
    return {"depth": value} if isinstance(value, str) else value


ProofChoice = Annotated[
    ProofEntry, BeforeValidator(_proof, json_schema_input_type=ProofDepth | ProofEntry)
]


class IncludeFrom(EntryModel):
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


class ProjectEntry(EntryModel):
    """A project of uv, Poetry, PDM or Pipenv, or one with a pylock.toml or pyproject.toml only."""

    path: Text = "."
    """The project's folder, relative to the manifest; or its lock, where there are several."""
    groups: Texts | None = None
    """Dependency groups, these alone; without any, the project's own dependencies. `main` names
    those where there are groups as well."""
    extras: Texts | None = None
    """Extras of the project, with its own dependencies."""


class PermissionsEntry(EntryModel):
    """Who else may use the layer versions."""

    accounts: Accounts | None = None
    """AWS accounts, 12 digits each, quoted."""
    organization: Organization | None = None
    """All accounts of an AWS organization, such as o-a1b2c3d4e5."""
    public: StrictBool | None = None
    """true: everybody. Nothing else makes a layer public."""


class RetainEntry(EntryModel):
    """How many layer versions stay when a new one is published."""

    versions: Annotated[int, Field(ge=1, strict=True)]
    """This many of the newest stay, and all that a function uses."""
    days: Annotated[int, Field(ge=0, strict=True)] = 0
    """Versions younger than this stay as well."""
    shared_days: Annotated[int, Field(ge=1, strict=True)] | None = None
    """Versions that `permissions:` lets others use go when they are so many days old; without it they
    stay."""


def _retain(value: object) -> object:
    return {"versions": value} if isinstance(value, int) and not isinstance(value, bool) else value


Retain = Annotated[
    RetainEntry | None,
    BeforeValidator(
        _retain, json_schema_input_type=Annotated[int, Field(ge=1)] | RetainEntry | None
    ),
]


class S3Entry(EntryModel):
    """What becomes of a zip that goes through the bucket of the input s3-bucket."""

    mode: S3Mode | None = None
    """copy (the default): Lambda copies the object; reference: Lambda keeps reading it there."""
    remove: StrictBool | None = None
    """true: the object is removed once Lambda has copied it."""


class ExternalEntry(EntryModel):
    """Somebody else's layer version."""

    arn: Annotated[str, StringConstraints(pattern=LAYER_VERSION_ARN_PATTERN)]
    """The ARN of the layer version."""
    unzipped: Size
    """What it unzips to, for example `40 MiB`: no API tells it."""


class EventEntry(EntryModel):
    """An event, and what the answer to it must hold."""

    event: Any
    """What the handler gets: any JSON."""
    expect: Any = None
    """What the answer must hold: of a mapping these keys, of a list these entries, else the same."""


def _kind_of_event(value: object) -> str:
    return "pattern" if isinstance(value, str) else "inline event"


_OneEvent = Annotated[
    Annotated[Text, Tag("pattern")] | Annotated[EventEntry, Tag("inline event")],
    Discriminator(_kind_of_event),
]
Events = Annotated[
    list[_OneEvent],
    BeforeValidator(one_or_many, json_schema_input_type=Text | list[Text | EventEntry]),
]


def _variable(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


Variable = Annotated[str, BeforeValidator(_variable, json_schema_input_type=str | int | bool)]


AliasName = Annotated[
    # https://docs.aws.amazon.com/lambda/latest/api/API_CreateAlias.html; digits alone are a version
    str,
    StringConstraints(
        pattern=r"^[a-zA-Z0-9_-]*[a-zA-Z_-][a-zA-Z0-9_-]*$", max_length=128, strict=True
    ),
]


Handler = Annotated[str, StringConstraints(pattern=r"^[^\s]{1,128}$", strict=True)]
