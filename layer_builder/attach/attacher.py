"""Gives functions their layers: checks all of them first, then updates those that need it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from itertools import product

from layer_builder import parallel
from layer_builder.attach import preflight
from layer_builder.attach.choice import LOOKUPS_AT_ONCE, ChosenVersion, VersionChoice
from layer_builder.attach.going_back import unlike
from layer_builder.attach.ownership import ForeignVersionError
from layer_builder.attach.plan import Attached, Attachment, Status
from layer_builder.attach.preflight import FunctionCheck, PlannedUpdate
from layer_builder.attach.serving import ServingPlan, move_alias, publish_version
from layer_builder.attach.sizes import SizeLookup
from layer_builder.attach.update import FunctionUpdate, UpdateFailedError
from layer_builder.aws import Region
from layer_builder.errors import LayerBuilderError, Problem
from layer_builder.handoff import Wish
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import FunctionState, Stack


@dataclass(frozen=True, kw_only=True)
class Attacher:
    """Gives functions the versions of their layers that were chosen, in every region of a run."""

    stacks: Sequence[Stack]
    """Each with a function-name."""
    names: tuple[str, ...]
    """What the manifest's layers are called on AWS: others are left as they are."""
    sizes: SizeLookup
    dry_run: bool
    on_chosen: Callable[[Region, Mapping[str, str]], None]
    """Hears of a region's versions, ARNs by layer id, before its functions are read."""
    on_warning: Callable[[Problem], None]
    """Hears of what concerns several regions, before anything is written."""
    on_attached: Callable[[Attached], None]
    """Hears what was done with a function as soon as it is; called by several threads."""
    choice: VersionChoice = field(default_factory=VersionChoice)
    wishes: Mapping[str, Wish] = field(default_factory=dict)
    """By function: what it is to go back to."""

    def check_and_update(self, regions: Sequence[Region]) -> list[LayerBuilderError]:
        """Read and check all functions, then update; gives what went wrong.

        One function that fails does not stop the others; a layer's name that is another owner's
        stops all.
        """
        following = [one for one in self.stacks if not self._wish(one).goes_back]
        choices = [(region, *self.choice.choose(region, following)) for region in regions]
        errors = [error for _, _, found in choices for error in found.values()]
        if any(isinstance(error, ForeignVersionError) for error in errors):
            for region, stack in product(regions, self.stacks):
                self._note_failed(region, stack)
            return errors
        updates: list[PlannedUpdate] = []
        for region, chosen, layer_errors in choices:
            self.on_chosen(region, {layer_id: one.arn for layer_id, one in chosen.items()})
            for stack in self.stacks:
                failing = any(layer.id in layer_errors for layer in stack.layers)
                if failing and stack in following:
                    self._note_failed(region, stack)
                else:
                    updates.append(self._planned(region, stack, chosen))
        checks = parallel.each(preflight.check, updates, LOOKUPS_AT_ONCE)
        for problem in unlike(named for check in checks for named in check.named()):
            self.on_warning(problem)
        return errors + [
            error for error in parallel.each(self._finish, checks, LOOKUPS_AT_ONCE) if error
        ]

    def _note_failed(self, region: Region, stack: Stack) -> None:
        self.on_attached(Attached(stack=stack, region=region.name, status=Status.FAILED))

    def _wish(self, stack: Stack) -> Wish:
        return self.wishes.get(stack.key, Wish())

    def _planned(
        self, region: Region, stack: Stack, chosen: Mapping[str, ChosenVersion]
    ) -> PlannedUpdate:
        return PlannedUpdate(
            region=region,
            stack=stack,
            chosen=chosen,
            wish=self._wish(stack),
            names=self.names,
            sizes=self.sizes,
            digests=self.choice.digests,
        )

    def _finish(self, check: FunctionCheck) -> LayerBuilderError | None:
        attached, error = self._update(check)
        self.on_attached(attached)
        return error

    def _update(self, check: FunctionCheck) -> tuple[Attached, LayerBuilderError | None]:
        update, planned, serving = check.update, check.planned, check.serving
        attached = Attached(
            stack=update.stack,
            region=update.region.name,
            status=Status.FAILED,
            has=check.function.layers if check.function else None,
            attachment=planned,
            forecast=check.forecast,
            serving=serving or ServingPlan(),
            warnings=check.warnings,
        )
        if check.error or not check.function or not planned or not serving:
            return attached, check.error
        if not attached.changes:
            return replace(attached, status=Status.UNCHANGED), None
        if self.dry_run:
            return replace(attached, status=Status.PLANNED), None
        return _write(update, check.function, attached, planned)


def _write(
    update: PlannedUpdate, function: FunctionState, attached: Attached, planned: Attachment
) -> tuple[Attached, LayerBuilderError | None]:
    """Give a function its layers, and these to those who call its versions."""
    plans, serving = [planned], attached.serving

    def layers(found: FunctionState) -> tuple[str, ...]:
        renewed = update.plan(found)
        if renewed.is_needed and renewed.before != plans[-1].before:
            update.forecast(found, renewed)
            plans.append(renewed)
        return renewed.after

    functions = update.region.functions
    function_update = FunctionUpdate(functions=functions, function=function)
    done = attached
    try:
        if planned.is_needed:
            function_update.apply(layers)
        done = replace(attached, has=function_update.has, attachment=plans[-1])
        if serving.is_needed:
            served = publish_version(functions, function_update.function, serving)
            done = replace(done, serving=served)
            name = function_update.function.name
            served = move_alias(functions, name, update.serving, served)
            done = replace(done, serving=served)
    except UpdateFailedError as error:
        failure: LayerBuilderError = function_update.rollback(error)
    except LayerBuilderError as error:
        failure = function_update.explained(error)
    else:
        return replace(done, status=Status.ATTACHED), None
    return replace(done, has=function_update.has), preflight.about(update, failure)
