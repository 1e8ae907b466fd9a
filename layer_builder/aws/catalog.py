"""The catalog of a region: its layers' versions, who uses them, the storage they take. Only reads.

API: https://docs.aws.amazon.com/lambda/latest/api/API_ListLayerVersions.html,
API_GetLayerVersion.html, API_ListFunctions.html, API_ListAliases.html, API_GetAccountSettings.html
"""

import base64
from collections.abc import Mapping
from typing import Any

from layer_builder.aws.session import Aws
from layer_builder.aws.transport import readable
from layer_builder.model import (
    CodeStorage,
    LayerContent,
    LayerUser,
    LayerVersion,
    LayerVersionArn,
    StoredObject,
    VersionSummary,
)


class Catalog:
    """What one region has."""

    def __init__(self, aws: Aws) -> None:
        """Take the region; nothing is sent yet."""
        self.region = aws.region
        self._aws = aws
        self._lambda = aws.client("lambda", attempts=1)

    def versions(self, name: str) -> list[VersionSummary]:
        """List the versions of a layer, newest first; none when there is no such layer."""
        with self._aws.translated(None):
            versions = self._aws.listed(
                "ListLayerVersions",
                self._lambda.list_layer_versions,
                lambda page: [_version(item) for item in page["LayerVersions"]],
                LayerName=name,
            )
        return sorted(versions, key=lambda version: -version.number)

    def content(self, arn: str) -> LayerContent:
        """Read where the zip of a layer version is. Raises AwsError where that is refused."""
        # Takes a layer's ARN for its name, so that it serves for other accounts' layers, too:
        # https://docs.aws.amazon.com/lambda/latest/api/API_GetLayerVersion.html
        version = LayerVersionArn.parse(arn)

        def read() -> LayerContent:
            with readable("GetLayerVersion"):
                answer = self._lambda.get_layer_version(
                    LayerName=version.layer, VersionNumber=version.number
                )
                return content_of(answer["Content"])

        with self._aws.translated(None):
            return self._aws.repeated(read)

    def version(self, layer: str, number: int) -> tuple[LayerVersion, LayerContent]:
        """Read a layer version, by the layer's name or ARN, and where its zip is.

        An ARN serves for other accounts' layers, too: whoever may use one may read it, and may not
        list the others. https://docs.aws.amazon.com/lambda/latest/dg/permissions-layer-cross-account.html
        Raises AwsError.
        """

        def read() -> tuple[LayerVersion, LayerContent]:
            with readable("GetLayerVersion"):
                answer = self._lambda.get_layer_version(LayerName=layer, VersionNumber=number)
                content = content_of(answer["Content"])
                version = LayerVersion(
                    arn=answer["LayerVersionArn"],
                    version=int(answer["Version"]),
                    sha256=content.sha256,
                    runtimes=frozenset(answer.get("CompatibleRuntimes") or ()),
                    architectures=frozenset(answer.get("CompatibleArchitectures") or ()),
                    description=answer.get("Description") or "",
                    license=answer.get("LicenseInfo") or "",
                )
                return version, content

        with self._aws.translated(None):
            return self._aws.repeated(read)

    def wait(self, seconds: float) -> None:
        """Wait before another look: AWS may show late what was published a moment ago."""
        self._aws.wait(seconds)

    def users(self) -> list[LayerUser]:
        """List all functions and their published versions, with the layers of each."""
        with self._aws.translated(None):
            return self._aws.listed(
                "ListFunctions",
                self._lambda.list_functions,
                lambda page: [_user(item) for item in page["Functions"]],
                # Without it only $LATEST is listed, and published versions keep layers in use, too:
                # https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctions.html
                FunctionVersion="ALL",
            )

    def aliases(self, function: str) -> dict[str, list[str]]:
        """List the aliases of a function by the version that they lead to, weighted ones too."""
        with self._aws.translated(None):
            pairs = self._aws.listed(
                "ListAliases",
                self._lambda.list_aliases,
                lambda page: [pair for item in page["Aliases"] for pair in _led_to(item)],
                FunctionName=function,
            )
        aliases: dict[str, list[str]] = {}
        for version, name in pairs:
            aliases.setdefault(version, []).append(name)
        return aliases

    def storage(self) -> CodeStorage | None:
        """Read how much code storage is used; None when AWS does not say."""

        def read() -> CodeStorage | None:
            with readable("GetAccountSettings"):
                answer = self._lambda.get_account_settings()
                # Counted unzipped, functions and layers together, and no quota that is raised:
                # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
                used = answer.get("AccountUsage", {}).get("TotalCodeSize")
                allowed = answer.get("AccountLimit", {}).get("TotalCodeSize")
                return (
                    None if used is None or not allowed else CodeStorage(used=used, allowed=allowed)
                )

        with self._aws.translated(None):
            return self._aws.repeated(read)


def layers_of(configuration: Mapping[str, Any]) -> tuple[str, ...]:
    """List the ARNs of the layer versions in a function's configuration."""
    return tuple(layer["Arn"] for layer in configuration.get("Layers") or ())


def content_of(answer: Mapping[str, Any]) -> LayerContent:
    """Read what AWS says about a zip."""
    # https://docs.aws.amazon.com/lambda/latest/api/API_LayerVersionContentOutput.html: of the zip,
    # and not in hexadecimal as everywhere else here.
    return LayerContent(
        sha256=base64.b64decode(answer.get("CodeSha256") or "").hex(),
        size=int(answer.get("CodeSize") or 0),
        location=answer.get("Location") or "",
        stored=_stored(answer.get("ResolvedS3Object") or {}),
    )


def _stored(answer: Mapping[str, Any]) -> StoredObject | None:
    # https://docs.aws.amazon.com/lambda/latest/api/API_LayerVersionContentOutput.html
    named = [str(answer.get(part) or "") for part in ("S3Bucket", "S3Key", "S3ObjectVersion")]
    bucket, key, version = named
    return StoredObject(bucket=bucket, key=key, version=version) if all(named) else None


def _version(item: Mapping[str, Any]) -> VersionSummary:
    return VersionSummary(
        arn=item["LayerVersionArn"],
        number=int(item["Version"]),
        created=str(item.get("CreatedDate") or ""),
        runtimes=tuple(item.get("CompatibleRuntimes") or ()),
        architectures=tuple(item.get("CompatibleArchitectures") or ()),
        description=item.get("Description") or "",
        license=item.get("LicenseInfo") or "",
    )


def _user(item: Mapping[str, Any]) -> LayerUser:
    return LayerUser(
        function=item["FunctionName"],
        qualifier=item.get("Version") or "$LATEST",
        layers=layers_of(item),
    )


def _led_to(alias: Mapping[str, Any]) -> list[tuple[str, str]]:
    """List the versions that an alias leads to, each with its name."""
    # Part of the traffic may go to a second version:
    # https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
    weighted = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or ()
    return [(version, alias["Name"]) for version in (alias["FunctionVersion"], *weighted)]
