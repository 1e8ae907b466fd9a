"""Gives functions their layers: checks all of them first, then updates those that need it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from layer_builder import parallel
from layer_builder.attach import preflight
from layer_builder.attach.plan import Attached, Status
from layer_builder.attach.preflight import LOOKUPS_AT_ONCE, FunctionCheck, PlannedUpdate
from layer_builder.attach.sizes import SizeLookup
from layer_builder.attach.update import FunctionUpdate, UpdateFailedError
from layer_builder.aws import Region
from layer_builder.errors import LayerBuilderError
from layer_builder.model import FunctionState, Stack, VersionSummary


@dataclass(frozen=True, kw_only=True)
class Attacher:
    """Gives functions the newest versions of their layers, in every region of a run."""

    stacks: Sequence[Stack]
    """Each with a function-name."""
    names: tuple[str, ...]
    """What the manifest's layers are called on AWS: others are left as they are."""
    sizes: SizeLookup
    dry_run: bool
    on_newest: Callable[[Region, Mapping[str, VersionSummary]], None]
    """Hears of a region's newest versions, by layer id, before its functions are read."""
    on_attached: Callable[[Attached], None]
    """Hears what was done with a function as soon as it is; called by several threads."""

    def check_and_update(self, regions: Sequence[Region]) -> list[LayerBuilderError]:
        """Read and check all functions, then update; gives what went wrong.

        One function that fails does not stop the others.
        """
        errors: list[LayerBuilderError] = []
        updates: list[PlannedUpdate] = []
        for region in regions:
            newest, layer_errors = preflight.newest_versions(region, self.stacks)
            errors += layer_errors.values()
            self.on_newest(region, newest)
            for stack in self.stacks:
                if any(layer.id in layer_errors for layer in stack.layers):
                    failed = Attached(stack=stack, region=region.name, status=Status.FAILED)
                    self.on_attached(failed)
                else:
                    updates.append(
                        PlannedUpdate(
                            region=region,
                            stack=stack,
                            newest=newest,
                            names=self.names,
                            sizes=self.sizes,
                        )
                    )
        checks = parallel.each(preflight.check, updates, LOOKUPS_AT_ONCE)
        return errors + [
            error for error in parallel.each(self._finish, checks, LOOKUPS_AT_ONCE) if error
        ]

    def _finish(self, check: FunctionCheck) -> LayerBuilderError | None:
        attached, error = self._update(check)
        self.on_attached(attached)
        return error

    def _update(self, check: FunctionCheck) -> tuple[Attached, LayerBuilderError | None]:
        update, planned = check.update, check.planned
        attached = Attached(
            stack=update.stack,
            region=update.region.name,
            status=Status.FAILED,
            has=check.function.layers if check.function else None,
            attachment=planned,
            forecast=check.forecast,
        )
        if check.error or not check.function or not planned:
            return attached, check.error
        if not planned.is_needed:
            return replace(attached, status=Status.UNCHANGED), None
        if self.dry_run:
            return replace(attached, status=Status.PLANNED), None

        plans = [planned]

        def layers(function: FunctionState) -> tuple[str, ...]:
            renewed = update.plan(function)
            if renewed.is_needed and renewed.before != plans[-1].before:
                update.forecast(function, renewed)
                plans.append(renewed)
            return renewed.after

        function_update = FunctionUpdate(functions=update.region.functions, function=check.function)
        try:
            function_update.apply(layers)
        except UpdateFailedError as error:
            failure: LayerBuilderError = function_update.rollback(error)
        except LayerBuilderError as error:
            failure = function_update.explained(error)
        else:
            has = function_update.has
            done = replace(attached, status=Status.ATTACHED, has=has, attachment=plans[-1])
            return done, None
        return replace(attached, has=function_update.has), preflight.about(update, failure)
