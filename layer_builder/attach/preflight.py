"""Checks functions before they get layers: the newest versions, and what stands in the way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from layer_builder import parallel
from layer_builder.attach import plan as attachment
from layer_builder.attach.plan import Attachment, function_title
from layer_builder.attach.sizes import FunctionSize, SizeLookup
from layer_builder.aws import Region
from layer_builder.errors import AwsError, LayerBuilderError, LimitError, ManifestError
from layer_builder.model import FunctionState, Layer, LayerVersionArn, Stack, VersionSummary

LOOKUPS_AT_ONCE = 8
"""Calls, or functions, that are worked on at the same time."""


@dataclass(frozen=True, kw_only=True)
class PlannedUpdate:
    """A function in a region, and the newest versions of its layers there."""

    region: Region
    stack: Stack
    newest: Mapping[str, VersionSummary]
    """By layer id."""
    names: tuple[str, ...]
    """What the manifest's layers are called on AWS."""
    sizes: SizeLookup

    @property
    def wanted(self) -> list[str]:
        """ARNs in stack order; other people's layers of other regions cannot be attached here."""
        external = [layer.arn for layer in self.stack.external
                    if function_exists(self.region.name, layer.arn)]  # fmt: skip
        return [*external, *(self.newest[layer.id].arn for layer in self.stack.layers)]

    @property
    def ours(self) -> set[str]:
        """The ARNs of the manifest's layers, in this account and region."""
        ours = LayerVersionArn.parse(self.newest[self.stack.layers[0].id].arn)
        return {ours.sibling(name) for name in self.names}

    def plan(self, function: FunctionState) -> Attachment:
        """Decide which layers the function is to have, as it is now; raise what is in the way."""
        _require_same_target(self.stack, function)
        planned = attachment.plan(function.layers, self.wanted, self.ours)
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


@dataclass(kw_only=True)
class FunctionCheck:
    """What is known of a function before anything is written."""

    update: PlannedUpdate
    function: FunctionState | None = None
    planned: Attachment | None = None
    forecast: FunctionSize | None = None
    error: LayerBuilderError | None = None


def function_exists(region: str, arn: str) -> bool:
    """Tell whether a layer version is in a region; Lambda attaches none of another one."""
    return LayerVersionArn.parse(arn).region == region


def newest_versions(
    region: Region, stacks: Sequence[Stack]
) -> tuple[dict[str, VersionSummary], dict[str, LayerBuilderError]]:
    """Find the newest version of each layer, by layer id, and what is wrong with that of others."""
    layers = list({layer.id: layer for stack in stacks for layer in stack.layers}.values())

    def find(layer: Layer) -> VersionSummary | LayerBuilderError:
        try:
            versions = region.catalog.versions(layer.name)
        except AwsError as error:
            return error.about(layer.key, None)
        if not versions:
            return AwsError.because(
                f"it has no version in {region.name} (it is called {layer.name} there)",
                layer=layer.key,
                place=layer.place,
                advice=("publish first: attach sets layers that are there, and builds none",),
            )
        return _mismatch(layer, versions[0]) or versions[0]

    newest: dict[str, VersionSummary] = {}
    errors: dict[str, LayerBuilderError] = {}
    for layer, answer in zip(layers, parallel.each(find, layers, LOOKUPS_AT_ONCE), strict=True):
        if isinstance(answer, LayerBuilderError):
            errors[layer.id] = answer
        else:
            newest[layer.id] = answer
    return newest, errors


def _mismatch(layer: Layer, version: VersionSummary) -> AwsError | None:
    """Say that a version is for other targets than its layer, if it says so itself."""
    is_for = (
        not version.runtimes or layer.target.runtime in version.runtimes,
        not version.architectures or layer.target.architecture in version.architectures,
    )
    if all(is_for):
        return None
    targets = ", ".join((*version.runtimes, *version.architectures))
    return AwsError.because(
        f"its newest version is not for {layer.target.runtime} on {layer.target.architecture}",
        layer=layer.key,
        place=layer.place,
        details=(f"{version.arn} is for {targets}",),
        advice=("publish first: the manifest has changed since, or somebody else published it",),
    )


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
        result.function = update.region.functions.settled(update.stack.function_name or "")
        result.planned = update.plan(result.function)
        if result.planned.is_needed:
            result.forecast = update.forecast(result.function, result.planned)
    except LayerBuilderError as error:
        result.error = about(update, error)
    return result


def about(update: PlannedUpdate, error: LayerBuilderError) -> LayerBuilderError:
    """Say which function an error is about."""
    name = function_title(update.stack, update.region.name)
    return error.with_problems(
        *(
            replace(problem, message=f"{name}: {problem.message}", place=update.stack.place)
            for problem in error.problems
        )
    )
