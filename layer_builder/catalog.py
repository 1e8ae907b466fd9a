"""The catalog of a region: its layers' versions, who uses them, the storage they take. Only reads.

API: https://docs.aws.amazon.com/lambda/latest/api/API_ListLayerVersions.html,
API_GetLayerVersion.html, API_ListFunctions.html, API_ListAliases.html, API_GetAccountSettings.html
"""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from layer_builder.attachment import layer_of
from layer_builder.aws import Aws
from layer_builder.aws_errors import readable


@dataclass(frozen=True, kw_only=True)
class Version:
    """A layer version as a list tells it."""

    arn: str
    number: int
    created: str
    """ISO 8601, as AWS writes it."""
    runtimes: tuple[str, ...]
    """Empty when the publisher did not say."""
    architectures: tuple[str, ...]
    """The same."""


@dataclass(frozen=True, kw_only=True)
class Content:
    """The zip of a layer version."""

    sha256: str
    """In hexadecimal."""
    size: int
    """Bytes of the zip."""
    location: str = field(repr=False)
    """Presigned: whoever has it can read the zip for ten minutes."""


@dataclass(frozen=True, kw_only=True)
class User:
    """A function, or a published version of one, and the layer versions it has."""

    function: str
    """Its name."""
    qualifier: str
    """`$LATEST` or a number."""
    layers: tuple[str, ...]
    """ARNs."""


@dataclass(frozen=True, kw_only=True)
class Storage:
    """The code storage of the account in the region."""

    used: int
    """Bytes."""
    allowed: int
    """Bytes."""


class Catalog:
    """What one region has."""

    def __init__(self, aws: Aws) -> None:
        """Take the region; nothing is sent yet."""
        self.region = aws.region
        self._aws = aws
        self._lambda = aws.client("lambda", attempts=1)

    def versions(self, name: str) -> list[Version]:
        """List the versions of a layer, newest first; none when there is no such layer."""
        with self._aws.translated(None), readable("ListLayerVersions"):
            pages = self._pages(self._lambda.list_layer_versions, LayerName=name)
            found = [_version(item) for page in pages for item in page.get("LayerVersions", ())]
        return sorted(found, key=lambda version: -version.number)

    def content(self, arn: str) -> Content:
        """Read where the zip of a layer version is. Raises AwsError where that is refused."""
        # Takes a layer's ARN for its name, so that it serves for other accounts' layers, too.
        layer, number = layer_of(arn), int(arn.rpartition(":")[2])

        def read() -> Content:
            with readable("GetLayerVersion"):
                answer = self._lambda.get_layer_version(LayerName=layer, VersionNumber=number)
                return content_of(answer["Content"])

        with self._aws.translated(None):
            return self._aws.repeated(read)

    def users(self) -> list[User]:
        """List all functions and their published versions, with the layers of each."""
        with self._aws.translated(None), readable("ListFunctions"):
            pages = self._pages(self._lambda.list_functions, FunctionVersion="ALL")
            return [
                User(
                    function=item["FunctionName"],
                    qualifier=item.get("Version") or "$LATEST",
                    layers=layers_of(item),
                )
                for page in pages
                for item in page.get("Functions", ())
            ]

    def aliases(self, function: str) -> dict[str, list[str]]:
        """List the aliases of a function by the version that they lead to, weighted ones too."""
        found: dict[str, list[str]] = {}
        with self._aws.translated(None), readable("ListAliases"):
            for page in self._pages(self._lambda.list_aliases, FunctionName=function):
                for item in page.get("Aliases", ()):
                    weighted = (item.get("RoutingConfig") or {}).get("AdditionalVersionWeights")
                    for version in (item["FunctionVersion"], *(weighted or ())):
                        found.setdefault(version, []).append(item["Name"])
        return found

    def storage(self) -> Storage | None:
        """Read how much code storage is used; None when AWS does not say."""
        with self._aws.translated(None), readable("GetAccountSettings"):
            answer = self._aws.repeated(self._lambda.get_account_settings)
            used = answer.get("AccountUsage", {}).get("TotalCodeSize")
            allowed = answer.get("AccountLimit", {}).get("TotalCodeSize")
            if used is None or not allowed:
                return None
            return Storage(used=int(used), allowed=int(allowed))

    def _pages(self, call: Any, **parameters: object) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401 (botocore's)
        while True:
            page: Mapping[str, Any] = self._aws.repeated(partial(call, **parameters))
            yield page
            if not page.get("NextMarker"):
                return
            parameters["Marker"] = page["NextMarker"]


def layers_of(configuration: Mapping[str, Any]) -> tuple[str, ...]:
    """List the ARNs of the layer versions in a function's configuration."""
    return tuple(layer["Arn"] for layer in configuration.get("Layers") or ())


def content_of(answer: Mapping[str, Any]) -> Content:
    """Read what AWS says about a zip."""
    return Content(
        sha256=base64.b64decode(answer.get("CodeSha256") or "").hex(),
        size=int(answer.get("CodeSize") or 0),
        location=answer.get("Location") or "",
    )


def _version(item: Mapping[str, Any]) -> Version:
    return Version(
        arn=item["LayerVersionArn"],
        number=int(item["Version"]),
        created=str(item.get("CreatedDate") or ""),
        runtimes=tuple(item.get("CompatibleRuntimes") or ()),
        architectures=tuple(item.get("CompatibleArchitectures") or ()),
    )
