"""Updates the layers of one function: asks, reads what came of it, never leaves it half done."""

from collections.abc import Callable
from dataclasses import replace

from layer_builder.aws import FunctionsApi, RetryState
from layer_builder.errors import AwsError, Failure, LayerBuilderError
from layer_builder.model import FunctionState

_ROUNDS = 5
"""How often AWS may say yes, and the function have other layers all the same."""


class UpdateFailedError(AwsError):
    """AWS took an update and failed at it; holds the reason."""


class FunctionUpdate:
    """A function on its way to its layers."""

    def __init__(self, *, functions: FunctionsApi, function: FunctionState) -> None:
        """Take a function as it was read; nothing is sent yet."""
        self._functions = functions
        self._function = function
        self._before = function.layers
        self._is_known = True

    @property
    def function(self) -> FunctionState:
        """The function as it was last read."""
        return self._function

    @property
    def has(self) -> tuple[str, ...] | None:
        """The layers that it has, as it was last read; None when it could not be."""
        return self._function.layers if self._is_known else None

    def apply(self, wanted: Callable[[FunctionState], tuple[str, ...]]) -> None:
        """Have it have its layers; `wanted` says which, for the function as it is each time.

        An update is idempotent, so what happened is seen by reading the function, and what did not
        is asked for again. Raises UpdateFailedError when AWS fails at an update that it took,
        AwsError when it refuses one or never does it.
        """
        state = RetryState()
        wrote = False
        rounds = 0
        # Ends: patience with each kind of failure has an end, and so have the rounds.
        while rounds < _ROUNDS:
            layers = wanted(self._function)
            if self._function.layers == layers:
                if wrote and self._function.failed:
                    raise UpdateFailedError.because(self._function.failed)
                return
            if not wrote:
                self._before = self._function.layers
            try:
                self._functions.set_layers(self._function, layers)
            except AwsError as error:
                may_repeat = self._functions.may_repeat(state, error.failure)
                if error.failure is Failure.REFUSED:
                    raise
                wrote = wrote or error.failure is Failure.DOUBT
                self._reread()
                if not may_repeat and self._function.layers != layers:
                    raise
            else:
                rounds += 1
                wrote = True
                self._reread()
                if self._function.failed and self._function.layers != layers:
                    # AWS said yes, and then could not: asked again it would fail again.
                    raise UpdateFailedError.because(self._function.failed)
        raise AwsError.because(
            f"it was updated {_ROUNDS} times, and had other layers each time: somebody else sets them",
            advice=("see what else sets the function's layers, and run it again",),
        )

    def _reread(self) -> None:
        self._is_known = False
        self._function = self._functions.settled(self._function.name)
        self._is_known = True

    def rollback(self, error: UpdateFailedError) -> AwsError:
        """Give it the layers that it had, after an update that failed; gives what to tell."""
        before = self._before
        if self.has == before:
            return AwsError.because(
                f"AWS took the update with its new layers, and dropped it: {error}",
                details=tuple(self._state()),
                advice=("mend what the reason names, and run it again",),
            )
        try:
            self.apply(lambda _: before)
            fact = "its previous layers were put back"
        except UpdateFailedError as second_error:
            fact = f"its previous layers were put back, and AWS failed at that too: {second_error}"
        except LayerBuilderError as second_error:
            fact = f"its previous layers could not be put back: {second_error}"
        return AwsError.because(
            f"AWS failed at the update with its new layers: {error}",
            details=(fact, *self._state()),
            advice=("see the function's own logs and state, and run it again",),
        )

    def explained(self, error: LayerBuilderError) -> LayerBuilderError:
        """Add to an error which layers the function has now."""
        first, *rest = error.problems
        details = (*first.details, *self._state())
        return error.with_problems(replace(first, details=details), *rest)

    def _state(self) -> list[str]:
        if self.has is None:
            return ["it could not be read afterwards: it has the layers it had, or the new ones"]
        if self.has == self._before:
            return ["nothing has changed: it has the layers that it had"]
        return ["it has now:", *(f"  {arn}" for arn in self.has or ("no layers",))]
