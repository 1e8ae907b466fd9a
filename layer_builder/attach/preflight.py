"""Surveys functions before they get layers: the newest versions, and what stands in the way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from layer_builder import parallel
from layer_builder.attach import plan as attachment
from layer_builder.attach.plan import Attachment, FunctionSize
from layer_builder.attach.sizes import SizeLookup
from layer_builder.aws.api import Region
from layer_builder.errors import AwsError, LayerBuilderError, LimitError, ManifestError
from layer_builder.model.layer import Layer
from layer_builder.model.release import FunctionState, LayerVersionArn, VersionSummary
from layer_builder.model.stack import Stack

AT_ONCE = 8
"""Calls, or functions, that are worked on at the same time."""


@dataclass(frozen=True, kw_only=True)
class Task:
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
        external = [layer.arn for layer in self.stack.external if self.is_here(layer.arn)]
        return [*external, *(self.newest[layer.id].arn for layer in self.stack.layers)]

    @property
    def ours(self) -> set[str]:
        """The ARNs of the manifest's layers, in this account and region."""
        ours = LayerVersionArn.parse(self.newest[self.stack.layers[0].id].arn)
        return {ours.sibling(name) for name in self.names}

    def is_here(self, arn: str) -> bool:
        """Tell whether a layer version is in this region."""
        return LayerVersionArn.parse(arn).region == self.region.name

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
        found = FunctionSize(parts=(self.sizes.code(function), *layers))
        if problem := found.problem():
            raise LimitError(problem)
        return found


@dataclass(kw_only=True)
class Look:
    """What was found of a function before anything was written."""

    task: Task
    function: FunctionState | None = None
    planned: Attachment | None = None
    forecast: FunctionSize | None = None
    error: LayerBuilderError | None = None


def newest(
    region: Region, stacks: Sequence[Stack]
) -> tuple[dict[str, VersionSummary], dict[str, LayerBuilderError]]:
    """Find the newest version of each layer, and say what is wrong with that of others."""
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

    found = dict(zip(layers, parallel.each(find, layers, AT_ONCE), strict=True))
    newest = {layer.id: item for layer, item in found.items() if isinstance(item, VersionSummary)}
    return newest, {k.id: item for k, item in found.items() if isinstance(item, LayerBuilderError)}


def _mismatch(layer: Layer, version: VersionSummary) -> AwsError | None:
    """Say that a version is for other targets than its layer, if it says so itself."""
    is_for = (
        not version.runtimes or layer.target.runtime in version.runtimes,
        not version.architectures or layer.target.architecture in version.architectures,
    )
    if all(is_for):
        return None
    said = ", ".join((*version.runtimes, *version.architectures))
    return AwsError.because(
        f"its newest version is not for {layer.target.runtime} on {layer.target.architecture}",
        layer=layer.key,
        place=layer.place,
        details=(f"{version.arn} is for {said}",),
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


def look(task: Task) -> Look:
    """Read a function and decide what is to be done."""
    found = Look(task=task)
    try:
        found.function = task.region.functions.settled(task.stack.function_name or "")
        found.planned = task.plan(found.function)
        if found.planned.is_needed:
            found.forecast = task.forecast(found.function, found.planned)
    except LayerBuilderError as error:
        found.error = about(task, error)
    return found


def about(task: Task, error: LayerBuilderError) -> LayerBuilderError:
    """Say which function an error is about."""
    name = attachment.title(task.stack, task.region.name)
    return error.with_problems(
        *(
            replace(problem, message=f"{name}: {problem.message}", place=task.stack.place)
            for problem in error.problems
        )
    )
