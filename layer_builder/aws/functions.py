"""Lambda functions of a region: reads them, waits for their updates, sets their layers.

API: https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html,
API_UpdateFunctionConfiguration.html; states of a function:
https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
"""

from collections.abc import Mapping, Sequence
from typing import Any

from layer_builder.aws.catalog import content_of, layers_of
from layer_builder.aws.retry import RetryState
from layer_builder.aws.session import Aws
from layer_builder.aws.transport import readable
from layer_builder.errors import AwsError, Failure
from layer_builder.model import FunctionState

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

    def settled(self, name: str) -> FunctionState:
        """Read a function when no update of it is under way.

        Raises AwsError when one takes longer than five minutes.
        """
        # By GetFunction, of which AWS takes 100 a second, where it takes 15 of all other reads:
        # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
        for _ in range(_LOOKS):
            function = self._read(name)
            if function.is_settled:
                return function
            self._aws.wait(_LOOK_SECONDS)
        raise AwsError.because(
            f"an update of it is still under way after {_LOOKS * _LOOK_SECONDS:.0f} s",
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
        try:
            with self._aws.translated(None):
                self._lambda.update_function_configuration(
                    FunctionName=function.name, Layers=list(layers), **guard
                )
        except AwsError as error:
            if error.code not in _BUSY:
                raise
            raise AwsError(*error.problems, failure=Failure.BUSY, code=error.code) from error

    def may_repeat(self, state: RetryState, failure: Failure) -> bool:
        """Wait before another try; False when there is to be none."""
        return self._aws.may_repeat(state, failure)

    def _read(self, name: str) -> FunctionState:
        def read() -> FunctionState:
            with readable("GetFunction"):
                return _function(self._lambda.get_function(FunctionName=name))

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
        revision=configuration.get("RevisionId") or "",
        failed=(reason or "AWS gives no reason") if update == "Failed" else "",
        # A function that is being created is Pending, one that is updated InProgress:
        # https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
        is_settled=update != "InProgress" and configuration.get("State") != "Pending",
    )
