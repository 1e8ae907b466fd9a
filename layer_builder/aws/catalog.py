"""The catalog of a region: its layers' versions, who uses them, the storage they take. Only reads.

API: https://docs.aws.amazon.com/lambda/latest/api/API_ListLayerVersions.html,
API_GetLayerVersion.html, API_ListFunctions.html, API_ListAliases.html, API_GetAccountSettings.html
"""

import base64
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from layer_builder.aws.errors import readable
from layer_builder.aws.session import Aws
from layer_builder.model.release import (
    CodeStorage,
    LayerContent,
    LayerUser,
    VersionSummary,
    layer_arn_of,
)

_T = TypeVar("_T")


class Catalog:
    """What one region has."""

    def __init__(self, aws: Aws) -> None:
        """Take the region; nothing is sent yet."""
        self.region = aws.region
        self._aws = aws
        self._lambda = aws.client("lambda", attempts=1)

    def versions(self, name: str) -> list[VersionSummary]:
        """List the versions of a layer, newest first; none when there is no such layer."""
        found = self._listed(
            lambda page: [_version(item) for item in page["LayerVersions"]],
            self._lambda.list_layer_versions,
            LayerName=name,
        )
        return sorted(found, key=lambda version: -version.number)

    def content(self, arn: str) -> LayerContent:
        """Read where the zip of a layer version is. Raises AwsError where that is refused."""
        # Takes a layer's ARN for its name, so that it serves for other accounts' layers, too.
        layer, number = layer_arn_of(arn), int(arn.rpartition(":")[2])

        def read() -> LayerContent:
            with readable("GetLayerVersion"):
                answer = self._lambda.get_layer_version(LayerName=layer, VersionNumber=number)
                return content_of(answer["Content"])

        with self._aws.translated(None):
            return self._aws.repeated(read)

    def users(self) -> list[LayerUser]:
        """List all functions and their published versions, with the layers of each."""
        return self._listed(
            lambda page: [_user(item) for item in page["Functions"]],
            self._lambda.list_functions,
            FunctionVersion="ALL",
        )

    def aliases(self, function: str) -> dict[str, list[str]]:
        """List the aliases of a function by the version that they lead to, weighted ones too."""
        pairs = self._listed(
            lambda page: [pair for item in page["Aliases"] for pair in _led_to(item)],
            self._lambda.list_aliases,
            FunctionName=function,
        )
        found: dict[str, list[str]] = {}
        for version, name in pairs:
            found.setdefault(version, []).append(name)
        return found

    def storage(self) -> CodeStorage | None:
        """Read how much code storage is used; None when AWS does not say."""

        def read() -> CodeStorage | None:
            with readable("GetAccountSettings"):
                answer = self._lambda.get_account_settings()
                used = answer.get("AccountUsage", {}).get("TotalCodeSize")
                allowed = answer.get("AccountLimit", {}).get("TotalCodeSize")
                return (
                    None if used is None or not allowed else CodeStorage(used=used, allowed=allowed)
                )

        with self._aws.translated(None):
            return self._aws.repeated(read)

    def _listed(
        self,
        items: Callable[[Mapping[str, Any]], list[_T]],
        call: Callable[..., Any],
        **parameters: str,
    ) -> list[_T]:
        """Read a list page by page."""

        def page() -> tuple[list[_T], str]:
            with readable(call.__name__):
                answer = call(**parameters)
                return items(answer), answer.get("NextMarker") or ""

        found: list[_T] = []
        with self._aws.translated(None):
            while True:
                some, marker = self._aws.repeated(page)
                found += some
                if not marker:
                    return found
                parameters["Marker"] = marker


def layers_of(configuration: Mapping[str, Any]) -> tuple[str, ...]:
    """List the ARNs of the layer versions in a function's configuration."""
    return tuple(layer["Arn"] for layer in configuration.get("Layers") or ())


def content_of(answer: Mapping[str, Any]) -> LayerContent:
    """Read what AWS says about a zip."""
    return LayerContent(
        sha256=base64.b64decode(answer.get("CodeSha256") or "").hex(),
        size=int(answer.get("CodeSize") or 0),
        location=answer.get("Location") or "",
    )


def _version(item: Mapping[str, Any]) -> VersionSummary:
    return VersionSummary(
        arn=item["LayerVersionArn"],
        number=int(item["Version"]),
        created=str(item.get("CreatedDate") or ""),
        runtimes=tuple(item.get("CompatibleRuntimes") or ()),
        architectures=tuple(item.get("CompatibleArchitectures") or ()),
    )


def _user(item: Mapping[str, Any]) -> LayerUser:
    return LayerUser(
        function=item["FunctionName"],
        qualifier=item.get("Version") or "$LATEST",
        layers=layers_of(item),
    )


def _led_to(alias: Mapping[str, Any]) -> list[tuple[str, str]]:
    """List the versions that an alias leads to, each with its name."""
    weighted = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or ()
    return [(version, alias["Name"]) for version in (alias["FunctionVersion"], *weighted)]
