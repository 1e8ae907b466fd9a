"""Lambda functions of a region: reads them, waits for their updates, sets their layers.

API: https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html,
API_UpdateFunctionConfiguration.html; states of a function:
https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from layer_builder.aws.catalog import content_of, layers_of
from layer_builder.aws.retry import RetryState
from layer_builder.aws.session import Aws
from layer_builder.aws.transport import readable
from layer_builder.errors import AwsError, Failure
from layer_builder.model import Alias, FunctionState, FunctionVersion

_LOOKS = 300


_LOOK_SECONDS = 1.0
"""As the waiter function_updated_v2 of botocore does."""


_BUSY = frozenset({"ResourceConflictException", "PreconditionFailedException"})


class LambdaFunctions:
    """The functions of one region."""

    def __init__(self, aws: Aws) -> None:
        """Take the region; nothing is sent yet."""
        self.region = aws.region
        self._aws = aws
        self._lambda = aws.client("lambda", attempts=1)

    def settled(self, name: str, qualifier: str = "") -> FunctionState:
        """Read a function, or a version of it, when no update of it is under way.

        Raises AwsError when one takes longer than five minutes, or a version is not ready by then.
        """
        # By GetFunction, of which AWS takes 100 a second, where it takes 15 of all other reads:
        # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
        for _ in range(_LOOKS):
            function = self._read(name, qualifier)
            if function.is_settled:
                return function
            self._aws.wait(_LOOK_SECONDS)
        seconds = f"{_LOOKS * _LOOK_SECONDS:.0f} s"
        if qualifier:
            raise AwsError.because(
                f"its version {qualifier} is not ready after {seconds}",
                advice=("run it again when the version is ready",),
            )
        raise AwsError.because(
            f"an update of it is still under way after {seconds}",
            advice=("run it again when the update is done",),
        )

    def set_layers(self, function: FunctionState, layers: Sequence[str]) -> None:
        """Ask once for a function to have these layers, if it still is as it was read.

        Raises AwsError whose `failure` says whether it may have happened nevertheless; BUSY when
        the function has changed, or is changing.
        """
        # AWS then refuses what would overwrite another's change:
        # https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html
        guard = {"RevisionId": function.revision} if function.revision else {}
        with self._busy(), self._aws.translated(None):
            self._lambda.update_function_configuration(
                FunctionName=function.name, Layers=list(layers), **guard
            )

    def versions(self, name: str) -> list[FunctionVersion]:
        """List the published versions of a function, newest first.

        https://docs.aws.amazon.com/lambda/latest/api/API_ListVersionsByFunction.html
        """
        with self._aws.translated(None):
            versions = self._aws.listed(
                "ListVersionsByFunction",
                self._lambda.list_versions_by_function,
                lambda page: [_version(item) for item in page["Versions"]],
                FunctionName=name,
            )
        published = [version for version in versions if version.number.isdigit()]
        return sorted(published, key=lambda version: -int(version.number))

    def aliases(self, name: str) -> list[Alias]:
        """List the aliases of a function."""
        with self._aws.translated(None):
            return self._aws.listed(
                "ListAliases",
                self._lambda.list_aliases,
                lambda page: [_alias(item) for item in page["Aliases"]],
                FunctionName=name,
            )

    def publish(self, function: FunctionState) -> str:
        """Ask once for a version of a function as it was read; gives its number.

        AWS publishes none when neither code nor configuration changed since the last one, and gives
        that: so what is asked for twice is done once. Raises AwsError as `set_layers` does.
        https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html
        """
        guard = {"RevisionId": function.revision} if function.revision else {}
        if function.code.sha256:
            guard["CodeSha256"] = base64.b64encode(bytes.fromhex(function.code.sha256)).decode()
        with self._busy(), self._aws.translated(None), readable("PublishVersion"):
            answer = self._lambda.publish_version(FunctionName=function.name, **guard)
            return str(answer["Version"])

    def move_alias(self, function: str, alias: Alias) -> None:
        """Ask once for an alias to lead to these versions, if it still is as it was read.

        Raises AwsError as `set_layers` does. Weights:
        https://docs.aws.amazon.com/lambda/latest/api/API_AliasRoutingConfiguration.html
        """
        guard = {"RevisionId": alias.revision} if alias.revision else {}
        with self._busy(), self._aws.translated(None):
            self._lambda.update_alias(
                FunctionName=function,
                Name=alias.name,
                FunctionVersion=alias.version,
                RoutingConfig={"AdditionalVersionWeights": dict(alias.weights)},
                **guard,
            )

    def may_repeat(self, state: RetryState, failure: Failure) -> bool:
        """Wait before another try; False when there is to be none."""
        return self._aws.may_repeat(state, failure)

    @contextmanager
    def _busy(self) -> Iterator[None]:
        """Tell a function that is changing from one that AWS refuses to change."""
        try:
            yield
        except AwsError as error:
            if error.code not in _BUSY:
                raise
            raise AwsError(*error.problems, failure=Failure.BUSY, code=error.code) from error

    def _read(self, name: str, qualifier: str) -> FunctionState:
        asked = {"FunctionName": name} | ({"Qualifier": qualifier} if qualifier else {})

        def read() -> FunctionState:
            with readable("GetFunction"):
                return _function(self._lambda.get_function(**asked))

        with self._aws.translated(None):
            return self._aws.repeated(read)


def _function(answer: Mapping[str, Any]) -> FunctionState:
    configuration = answer["Configuration"]
    code = {**configuration, "Location": (answer.get("Code") or {}).get("Location")}
    update = configuration.get("LastUpdateStatus") or ""
    reason = configuration.get("LastUpdateStatusReason") or configuration.get(
        "LastUpdateStatusReasonCode"
    )
    return FunctionState(
        name=configuration["FunctionName"],
        runtime=configuration.get("Runtime") or "",
        # x86_64 where nothing is said: https://docs.aws.amazon.com/lambda/latest/dg/foundation-arch.html
        architecture=(configuration.get("Architectures") or ["x86_64"])[0],
        is_image=configuration.get("PackageType") == "Image",
        layers=layers_of(configuration),
        code=content_of(code),
        serves_snapshots=(configuration.get("SnapStart") or {}).get("ApplyOn")
        == "PublishedVersions",
        revision=configuration.get("RevisionId") or "",
        failed=(reason or "AWS gives no reason") if update == "Failed" else "",
        # A function that is being created is Pending, one that is updated InProgress:
        # https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
        is_settled=update != "InProgress" and configuration.get("State") != "Pending",
        broken=_why_broken(configuration) if configuration.get("State") == "Failed" else "",
    )


def _why_broken(configuration: Mapping[str, Any]) -> str:
    """Give the code and the words that AWS has for a state."""
    # https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html
    said = (configuration.get("StateReasonCode"), configuration.get("StateReason"))
    return ": ".join(filter(None, said)) or "AWS gives no reason"


def _version(item: Mapping[str, Any]) -> FunctionVersion:
    return FunctionVersion(number=str(item["Version"]), layers=layers_of(item))


def _alias(item: Mapping[str, Any]) -> Alias:
    # Part of the calls may go to a second version:
    # https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
    weights = (item.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    return Alias(
        name=item["Name"],
        version=str(item["FunctionVersion"]),
        weights=tuple(sorted((str(version), float(share)) for version, share in weights.items())),
        revision=item.get("RevisionId") or "",
    )
