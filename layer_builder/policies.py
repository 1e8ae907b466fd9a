"""Policies of layer versions on AWS: reads them, adds and removes statements.

API: https://docs.aws.amazon.com/lambda/latest/api/API_GetLayerVersionPolicy.html,
API_AddLayerVersionPermission.html, API_RemoveLayerVersionPermission.html
"""

from typing import Any

import botocore.exceptions

from layer_builder import grants
from layer_builder.aws import Aws
from layer_builder.aws_errors import readable
from layer_builder.grants import Grant
from layer_builder.layer import Built


class Policies:
    """The policies of one region's layer versions."""

    def __init__(self, aws: Aws) -> None:
        """Take the region; nothing is sent yet."""
        self._aws = aws
        self._lambda = aws.client("lambda", attempts=1)

    def read(self, name: str, version: int, built: Built | None = None) -> str:
        """Read a version's policy as JSON, empty when it has none."""
        with self._aws.translated(built):
            return self._aws.repeated(lambda: self._read(name, version))

    def _read(self, name: str, version: int) -> str:
        try:
            answer = self._lambda.get_layer_version_policy(LayerName=name, VersionNumber=version)
        except botocore.exceptions.ClientError as error:
            if _code(error) == "ResourceNotFoundException":
                return ""
            raise
        with readable("GetLayerVersionPolicy"):
            policy = str(answer["Policy"])
            grants.has(policy, "")
            return policy

    def grant(self, built: Built, version: int, grant: Grant) -> None:
        """Add a statement; one that is there already is as good."""
        name = built.layer.name
        wanted: dict[str, Any] = (
            {"OrganizationId": grant.organization} if grant.organization else {}
        )

        def add(*, again: bool) -> None:
            # Without a clear answer it may be there: two of one id would both have to go.
            if again and grants.has(self._read(name, version), grant.id):
                return
            try:
                self._lambda.add_layer_version_permission(
                    LayerName=name,
                    VersionNumber=version,
                    StatementId=grant.id,
                    Action="lambda:GetLayerVersion",
                    Principal=grant.principal,
                    **wanted,
                )
            except botocore.exceptions.ClientError as error:
                if _code(error) != "ResourceConflictException":
                    raise

        tries = iter([False])
        with self._aws.translated(built):
            self._aws.repeated(lambda: add(again=next(tries, True)))

    def revoke(self, built: Built, version: int, statement: str) -> None:
        """Remove a statement; one that is gone is as good."""

        def remove() -> None:
            try:
                self._lambda.remove_layer_version_permission(
                    LayerName=built.layer.name, VersionNumber=version, StatementId=statement
                )
            except botocore.exceptions.ClientError as error:
                if _code(error) != "ResourceNotFoundException":
                    raise

        with self._aws.translated(built):
            self._aws.repeated(remove)


def _code(error: botocore.exceptions.ClientError) -> str:
    return str(error.response["Error"].get("Code", ""))
