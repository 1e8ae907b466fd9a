"""What other packages have of AWS: one region with its five interfaces. Loads no boto3."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from layer_builder.aws.retry import RetryState
from layer_builder.errors import Failure
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Alias, Built, Caller, FunctionState, LayerVersion

if TYPE_CHECKING:
    from layer_builder.aws.catalog import Catalog
    from layer_builder.aws.functions import LambdaFunctions
    from layer_builder.aws.layer_versions import LayerVersions
    from layer_builder.aws.policies_ssm import Parameters, Policies
    from layer_builder.aws.session import Aws


class VersionsApi(Protocol):
    """The part of `LayerVersions` that publishing exactly once needs, whatever is answered."""

    region: str

    def newer(self, built: Built, than: int) -> Iterable[LayerVersion]:
        """Read the versions of a layer that came after one, newest first."""

    def publish(self, built: Built) -> LayerVersion:
        """Ask once for a new version."""

    def wait(self, seconds: float) -> None:
        """Wait before another look."""

    def may_repeat(self, state: RetryState, failure: Failure) -> bool:
        """Wait before another try; False when there is to be none."""


class FunctionsApi(Protocol):
    """The part of `LambdaFunctions` that an update of a function's layers needs."""

    def settled(self, name: str) -> FunctionState:
        """Read a function when no update of it is under way."""

    def set_layers(self, function: FunctionState, layers: Sequence[str]) -> None:
        """Ask once for a function to have these layers, if it still is as it was read."""

    def may_repeat(self, state: RetryState, failure: Failure) -> bool:
        """Wait before another try; False when there is to be none."""


class ServingApi(Protocol):
    """The part of `LambdaFunctions` that gets new layers to those who call versions and aliases."""

    def settled(self, name: str, qualifier: str = "") -> FunctionState:
        """Read a function, or a version of it, when no update of it is under way."""

    def aliases(self, name: str) -> list[Alias]:
        """List the aliases of a function."""

    def publish(self, function: FunctionState) -> str:
        """Ask for a version of a function as it was read; twice asked is once done."""

    def move_alias(self, function: str, alias: Alias) -> None:
        """Ask once for an alias to lead to these versions, if it still is as it was read."""

    def may_repeat(self, state: RetryState, failure: Failure) -> bool:
        """Wait before another try; False when there is to be none."""


@dataclass(frozen=True, kw_only=True)
class Region:
    """What a run reads and writes in one region; every call raises AwsError where AWS refuses it."""

    name: str
    """Such as `eu-west-1`."""
    aws: "Aws"
    catalog: "Catalog"
    versions: "LayerVersions"
    policies: "Policies"
    parameters: "Parameters"
    functions: "LambdaFunctions"

    @property
    def caller(self) -> Caller:
        """Who the credentials are of, asked once for all regions."""
        return self.aws.caller

    @property
    def partition(self) -> str:
        """Such as `aws`."""
        return self.aws.partition


Connect = Callable[[str], Region]
"""Opens a region by its name; raises AwsError where there are no credentials."""
