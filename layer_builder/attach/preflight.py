"""Checks functions before they get layers: what each is to have, and what stands in the way."""

from collections.abc import Mapping
from dataclasses import field, replace

from layer_builder.attach import plan as attachment
from layer_builder.attach.callers import look_at_callers
from layer_builder.attach.choice import ChosenVersion, not_behind
from layer_builder.attach.going_back import layers_by_number, layers_of_version, name_of
from layer_builder.attach.plan import Attachment, function_title
from layer_builder.attach.serving import ServingPlan
from layer_builder.attach.sizes import FunctionSize, SizeLookup
from layer_builder.aws import Region
from layer_builder.errors import LayerBuilderError, LimitError, ManifestError, Problem
from layer_builder.handoff import Wish
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import FunctionState, LayerVersion, LayerVersionArn, Serving, Stack


@dataclass(frozen=True, kw_only=True)
class PlannedUpdate:
    """A function in a region, and the versions of its layers that it is to have there."""

    region: Region
    stack: Stack
    chosen: Mapping[str, ChosenVersion]
    """By layer id; a layer that is not here stays as the function has it."""
    wish: Wish
    names: tuple[str, ...]
    """What the manifest's layers are called on AWS."""
    sizes: SizeLookup
    digests: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 in hexadecimal by the stem of a zip: what a version named by number must hold."""
    pinned: tuple[str, ...] | None = None
    """ARNs that take the place of what was chosen, for a function that goes back."""
    named: Mapping[str, LayerVersion] = field(default_factory=dict)
    """Those of `pinned` that were named by number, by layer id."""

    @property
    def title(self) -> str:
        """Name it in a log."""
        return function_title(self.stack, self.region.name)

    @property
    def serving(self) -> Serving:
        """What its callers get; who goes back sends all calls there, and no share of them."""
        serving = self.stack.serving
        return replace(serving, weight=None) if self.wish.goes_back else serving

    def resolve(self, function: FunctionState) -> "tuple[PlannedUpdate, list[str]]":
        """Find out what remains to be known of the versions; gives what to say of them, too.

        Raises AwsError.
        """
        if self.wish.version:
            pinned = layers_of_version(
                self.region, self.stack, function, self.wish.version, self.names
            )
            return replace(self, pinned=pinned), []
        if self.wish.layers:
            named = layers_by_number(
                self.region, self.stack, function, self.wish.layers, self.digests
            )
            arns = tuple(version.arn for version in named.values())
            return replace(self, pinned=arns, named=named), []
        chosen, said = dict(self.chosen), []
        for layer_id, version in self.chosen.items():
            if layer_id in {layer.id for layer in self.stack.layers}:
                chosen[layer_id], text = not_behind(self.region, version, function.layers)
                said += [text] if text else []
        return replace(self, chosen=chosen), said

    def plan(self, function: FunctionState) -> Attachment:
        """Decide which layers the function is to have, as it is now; raise what is in the way."""
        _require_same_target(self.stack, function)
        wanted, ours = self._goal(function)
        planned = attachment.plan(function.layers, wanted, ours)
        if problem := attachment.too_many(planned):
            raise LimitError(problem)
        return planned

    def forecast(self, function: FunctionState, planned: Attachment) -> FunctionSize:
        """Add up what its code and layers will unzip to; raise LimitError when it is too much."""
        layers = [self.sizes.layer(self.region, arn) for arn in planned.after]
        size = FunctionSize(parts=(self.sizes.code(function), *layers))
        if problem := size.problem():
            raise LimitError(problem)
        return size

    def _goal(self, function: FunctionState) -> tuple[list[str], set[str]]:
        """Give the wanted ARNs in stack order, and those of the layers that may go for them."""
        if self.wish.layers and self.pinned is not None:
            return list(self.pinned), set()
        if self.pinned is not None:
            return list(self.pinned), self._siblings((*self.pinned, *function.layers))
        # Other people's layers of other regions cannot be attached here.
        wanted = [layer.arn for layer in self.stack.external
                  if function_exists(self.region.name, layer.arn)]  # fmt: skip
        ours = [one.arn for layer in self.stack.layers if (one := self.chosen.get(layer.id))]
        for layer in self.stack.layers:
            version = self.chosen.get(layer.id)
            had = [arn for arn in function.layers if name_of(arn) == layer.name]
            if version is None and not had:
                raise ManifestError.because(
                    f"no version of its layer {layer.key} is named, and it has none that could stay",
                    advice=(
                        "name one, or publish all of its layers and attach what that hands on",
                    ),
                )
            wanted.append(version.arn if version else had[0])
        return wanted, self._siblings(ours)

    def _siblings(self, arns: "tuple[str, ...] | list[str]") -> set[str]:
        """Give the ARNs of the manifest's layers in the accounts of these."""
        parsed = [LayerVersionArn.parse(arn) for arn in arns]
        return {one.sibling(name) for one in parsed if one.account for name in self.names}


@dataclass(kw_only=True)
class FunctionCheck:
    """What is known of a function before anything is written."""

    update: PlannedUpdate
    function: FunctionState | None = None
    planned: Attachment | None = None
    forecast: FunctionSize | None = None
    serving: ServingPlan | None = None
    warnings: tuple[Problem, ...] = ()
    error: LayerBuilderError | None = None

    def named(self) -> list[tuple[str, str, LayerVersion]]:
        """List the versions that were named by number: the layer's key, the region, the version."""
        keys = {layer.id: layer.key for layer in self.update.stack.layers}
        region = self.update.region.name
        return [(keys[one], region, version) for one, version in self.update.named.items()]


def function_exists(region: str, arn: str) -> bool:
    """Tell whether a layer version is in a region; Lambda attaches none of another one."""
    return LayerVersionArn.parse(arn).region == region


def _require_same_target(stack: Stack, function: FunctionState) -> None:
    target = stack.layers[0].target
    if function.is_image:
        raise ManifestError.because(
            "it is a container image, which takes no layers",
            advice=("take function-name out of this function, or make it one of a zip",),
        )
    if (function.runtime, function.architecture) != (target.runtime, target.architecture):
        raise ManifestError.because(
            f"it runs {function.runtime} on {function.architecture}, and its layers are for"
            f" {target.runtime} on {target.architecture}",
            advice=(
                "say python: and architecture: of the function as they are on AWS, or change the"
                " function's runtime first",
            ),
        )


def check(update: PlannedUpdate) -> FunctionCheck:
    """Read a function and decide what is to be done."""
    result = FunctionCheck(update=update)
    try:
        function = update.region.functions.settled(update.stack.function_name or "")
        result.function = function
        _require_same_target(update.stack, function)
        result.update, said = update.resolve(function)
        result.planned = result.update.plan(function)
        if result.planned.is_needed:
            result.forecast = result.update.forecast(function, result.planned)
        result.serving, problems = look_at_callers(
            update.region, update.serving, function, result.planned.after
        )
        lines = [*said, *_backwards(result.update, result.planned)]
        result.warnings = (
            *_elsewhere(update),
            *(_letter(update, Problem(message=line)) for line in lines),
            *(_letter(update, problem) for problem in problems),
        )
    except LayerBuilderError as error:
        result.error = about(update, error)
    return result


def _elsewhere(update: PlannedUpdate) -> list[Problem]:
    here = update.region.name
    return [
        _letter(update, Problem(message=f"external {one.arn} is in another region, and is not attached here"))
        for one in update.stack.external
        if not function_exists(here, one.arn)
    ]  # fmt: skip


def _backwards(update: PlannedUpdate, planned: Attachment) -> list[str]:
    """Say which layers get an older version than they have, where nobody asked for that."""
    if update.wish.goes_back:
        return []
    return [
        f"goes back: {change}"
        for change in planned.changes
        if change.before and change.after and _is_older(change.after, change.before)
    ]


def _is_older(after: str, before: str) -> bool:
    one, other = LayerVersionArn.parse(after), LayerVersionArn.parse(before)
    is_numbered = one.version.isdigit() and other.version.isdigit()
    return one.layer == other.layer and is_numbered and one.number < other.number


def _letter(update: PlannedUpdate, problem: Problem) -> Problem:
    return replace(problem, message=f"{update.title}: {problem.message}", place=update.stack.place)


def about(update: PlannedUpdate, error: LayerBuilderError) -> LayerBuilderError:
    """Say which function an error is about."""
    return error.with_problems(*(_letter(update, problem) for problem in error.problems))
