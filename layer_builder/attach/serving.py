"""Gets a function's new layers to those who call a version or an alias of it.

Layers are set on `$LATEST`. Published versions keep theirs for good, and an alias leads to versions:
https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
"""

from collections.abc import Sequence
from dataclasses import replace

from layer_builder.aws import RetryState, ServingApi
from layer_builder.errors import AwsError, Failure
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Alias, FunctionState, FunctionVersion, Serving

_ROUNDS = 5
"""How often AWS may say yes to an alias, and it lead elsewhere all the same."""


@dataclass(frozen=True, kw_only=True)
class ServingPlan:
    """What is to be done for the callers of a function, or was."""

    publishes: bool = False
    """Whether a version of the function is to be published, or was."""
    version: str = ""
    """The published version that has the layers; empty until there is one."""
    before: Alias | None = None
    """The alias, None where none is named."""
    after: Alias | None = None
    """The alias as it is to be; None where it stays, or until its version is known."""

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to write."""
        return self.publishes or self.after is not None

    def lines(self, *, done: bool) -> list[str]:
        """Say in a line each what is done, or would be."""
        version = self.version or "the version published then"
        lines = []
        if self.publishes:
            lines.append(
                f"published as version {self.version}" if done else "a version would be published"
            )
        if self.before and (self.after or self.publishes):
            verb = "alias" if done else "would move: alias"
            lines.append(f"{verb} {self.before.name}: {self.before} → {self.after or version}")
        return lines


def plan_serving(
    serving: Serving,
    layers: Sequence[str],
    versions: Sequence[FunctionVersion],
    aliases: Sequence[Alias],
) -> ServingPlan:
    """Decide whether a version is published, and where the alias goes.

    `versions` are those of the function, newest first. A version with these layers that the alias
    leads to stays, whatever else it runs; so does the newest. A new one is published of `$LATEST` as
    it is. Raises AwsError when there is no such alias.
    """
    if not serving.publishes:
        return ServingPlan()
    before = next((alias for alias in aliases if alias.name == serving.alias), None)
    if serving.alias and before is None:
        raise AwsError.because(
            f"it has no alias {serving.alias}",
            details=(f"its aliases: {', '.join(alias.name for alias in aliases) or 'none'}",),
            advice=("create it once: `aws lambda create-alias`; attach moves one that is there",),
        )
    serve = {version.number for version in versions if version.layers == tuple(layers)}
    newest = [version.number for version in versions[:1]]
    if before and serve.issuperset(before.versions):
        return ServingPlan(version=before.version, before=before)
    known = [number for number in ([before.version] if before else []) + newest if number in serve]
    version = known[0] if known else ""
    after = led_to(before, version, serving.weight) if before and version else None
    return ServingPlan(
        publishes=not version,
        version=version,
        before=before,
        after=None if after == before else after,
    )


def led_to(alias: Alias, version: str, weight: float | None) -> Alias:
    """Say where an alias leads when it sends all its calls, or a share, to a version.

    A share needs another published version for the rest:
    https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
    """
    if weight is None or alias.version == version or not alias.version.isdigit():
        return replace(alias, version=version, weights=())
    return replace(alias, weights=((version, weight),))


def left_behind(
    layers: Sequence[str],
    versions: Sequence[FunctionVersion],
    aliases: Sequence[Alias],
    served: str,
) -> list[str]:
    """Name the aliases that serve other layers, with their versions; not the one named `served`."""
    has = {version.number: version.layers for version in versions}
    return [
        f"{alias.name} (version {alias})"
        for alias in aliases
        if alias.name != served
        and any(has.get(one, tuple(layers)) != tuple(layers) for one in alias.versions)
    ]


def publish_version(
    functions: ServingApi, function: FunctionState, plan: ServingPlan
) -> ServingPlan:
    """Publish a version of a function where there is to be one; gives what was done until then.

    Raises AwsError.
    """
    version = _publish(functions, function) if plan.publishes else plan.version
    return replace(plan, version=version, after=None)


def move_alias(
    functions: ServingApi, name: str, serving: Serving, plan: ServingPlan
) -> ServingPlan:
    """Move the alias to a version that is ready; gives what was done.

    Raises AwsError where the version failed, or does not become ready: the alias stays.
    """
    try:
        _require_ready(functions, name, plan.version)
    except AwsError as error:
        if plan.before is None:
            raise
        first, *rest = error.problems
        stays = f"its alias {plan.before.name} stays where it is: {plan.before}"
        raise error.with_problems(replace(first, details=(*first.details, stays)), *rest) from error
    if plan.before is None:
        return plan
    return replace(plan, after=_move(functions, name, serving, plan))


def _require_ready(functions: ServingApi, name: str, version: str) -> None:
    # Calls of a version that is not ready yet fail or wait, those of one that failed fail for good:
    # https://docs.aws.amazon.com/lambda/latest/dg/snapstart-activate.html
    state = functions.settled(name, version)
    if state.broken:
        raise AwsError.because(
            f"its version {version} failed, and cannot be called: {state.broken}",
            advice=(
                "mend what the reason names, change something of the function (its description"
                " will do: AWS publishes no second version of what did not change), and run it again",
            ),
        )


def _publish(functions: ServingApi, function: FunctionState) -> str:
    """Publish a version; asked for twice it is there once."""
    state = RetryState()
    layers = function.layers
    # Ends: patience with each kind of failure has an end.
    while True:
        try:
            return functions.publish(function)
        except AwsError as error:
            if error.failure is Failure.REFUSED or not functions.may_repeat(state, error.failure):
                raise
        code = function.code.sha256
        function = functions.settled(function.name)
        if (function.layers, function.code.sha256) != (layers, code):
            raise AwsError.because(
                "somebody else changed it before a version of it was published",
                advice=("run it again when the other change is done",),
            )


def _move(functions: ServingApi, name: str, serving: Serving, plan: ServingPlan) -> Alias:
    """Have the alias lead to the version; what happened is seen by reading it."""
    state = RetryState()
    alias = plan.before or Alias(name=serving.alias, version="")
    rounds = 0
    # Ends: so have the rounds, and patience with each kind of failure.
    while rounds < _ROUNDS:
        wanted = led_to(alias, plan.version, serving.weight)
        if alias == wanted:
            return alias
        try:
            functions.move_alias(name, wanted)
        except AwsError as error:
            if error.failure is Failure.REFUSED or not functions.may_repeat(state, error.failure):
                raise
        else:
            rounds += 1
        found = [one for one in functions.aliases(name) if one.name == serving.alias]
        if not found:
            raise AwsError.because(f"its alias {serving.alias} is gone")
        alias = found[0]
    raise AwsError.because(
        f"its alias {serving.alias} was moved {_ROUNDS} times, and led elsewhere each time",
        advice=("see what else moves it, and run it again",),
    )
