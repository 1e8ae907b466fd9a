"""What goes with a layer version: the policy that lets others use it, parameters that hold its ARN.

API: https://docs.aws.amazon.com/lambda/latest/api/API_AddLayerVersionPermission.html,
https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
"""

from collections.abc import Sequence
from functools import partial

import botocore.exceptions

from layer_builder.aws import permissions
from layer_builder.aws.permissions import Grant
from layer_builder.aws.session import Aws
from layer_builder.aws.transport import readable
from layer_builder.model import ParameterValue, Releasable

# https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html: of more
# names in one request none is answered.
_NAMES_AT_ONCE = 10


class Policies:
    """The policies of one region's layer versions."""

    def __init__(self, aws: Aws) -> None:
        """Take the region; nothing is sent yet."""
        self._aws = aws
        self._lambda = aws.client("lambda", attempts=1)

    def read(self, name: str, version: int, built: Releasable | None = None) -> str:
        """Read a version's policy as JSON, empty when it has none."""
        with self._aws.translated(built):
            return self._aws.repeated(lambda: self._read(name, version))

    def _read(self, name: str, version: int) -> str:
        try:
            answer = self._lambda.get_layer_version_policy(LayerName=name, VersionNumber=version)
        except botocore.exceptions.ClientError as error:
            # A version that was never shared has no policy, rather than an empty one:
            # https://docs.aws.amazon.com/lambda/latest/api/API_GetLayerVersionPolicy.html
            if _code(error) == "ResourceNotFoundException":
                return ""
            raise
        with readable("GetLayerVersionPolicy"):
            policy = str(answer["Policy"])
            permissions.has(policy, "")
            return policy

    def grant(self, built: Releasable, version: int, grant: Grant) -> None:
        """Add a statement; one that is there already is as good."""
        name = built.layer.name
        organization = {"OrganizationId": grant.organization} if grant.organization else {}
        tries = 0

        def add() -> None:
            nonlocal tries
            tries += 1
            # Without a clear answer it may be there: two of one id would both have to go.
            if tries > 1 and permissions.has(self._read(name, version), grant.id):
                return
            try:
                self._lambda.add_layer_version_permission(
                    LayerName=name,
                    VersionNumber=version,
                    StatementId=grant.id,
                    Action="lambda:GetLayerVersion",
                    Principal=grant.principal,
                    **organization,
                )
            except botocore.exceptions.ClientError as error:
                # Says that a statement of this id is there:
                # https://docs.aws.amazon.com/lambda/latest/api/API_AddLayerVersionPermission.html
                if _code(error) != "ResourceConflictException":
                    raise

        with self._aws.translated(built):
            self._aws.repeated(add)

    def revoke(
        self, name: str, version: int, statement: str, built: Releasable | None = None
    ) -> None:
        """Remove a statement; one that is gone is as good."""

        def remove() -> None:
            try:
                self._lambda.remove_layer_version_permission(
                    LayerName=name, VersionNumber=version, StatementId=statement
                )
            except botocore.exceptions.ClientError as error:
                if _code(error) != "ResourceNotFoundException":
                    raise

        with self._aws.translated(built):
            self._aws.repeated(remove)


def _code(error: botocore.exceptions.ClientError) -> str:
    return str(error.response["Error"].get("Code", ""))


class Parameters:
    """The SSM parameters of one region that hold layer versions' ARNs."""

    def __init__(self, aws: Aws) -> None:
        """Take the region; nothing is sent yet."""
        self._aws = aws

    def read(self, names: Sequence[str]) -> dict[str, str]:
        """Read the values of those that exist, by name."""
        return {found.name: found.value for found in self.look(names)}

    def look(self, names: Sequence[str]) -> list[ParameterValue]:
        """Read those that exist; a name with `:3` behind it asks for the third value."""
        values: list[ParameterValue] = []
        with self._aws.translated(None):
            for start in range(0, len(names), _NAMES_AT_ONCE):
                some = list(names[start : start + _NAMES_AT_ONCE])
                values += self._aws.repeated(partial(self._read, some))
        return values

    def _read(self, names: list[str]) -> list[ParameterValue]:
        # Names that do not exist come back as InvalidParameters, not as an error:
        # https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html
        answer = self._aws.client("ssm").get_parameters(Names=names)
        with readable("GetParameters"):
            return [
                ParameterValue(
                    name=item["Name"], value=item["Value"], number=int(item.get("Version") or 0)
                )
                for item in answer["Parameters"]
            ]

    def write(self, built: Releasable, name: str, value: str) -> int:
        """Set a parameter of a layer; gives the number of the value. Set twice it holds the same."""

        def put() -> int:
            answer = self._aws.client("ssm").put_parameter(
                Name=name, Value=value, Type="String", Overwrite=True
            )
            with readable("PutParameter"):
                return int(answer["Version"])

        with self._aws.translated(built):
            return self._aws.repeated(put)
