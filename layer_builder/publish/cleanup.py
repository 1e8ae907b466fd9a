"""Deletes old layer versions: finds out who uses them, deletes those that nobody does.

Only what is known for certain to be unused goes: where a list or a policy cannot be read, nothing
is deleted in that region. What is published is good all the same, so all of this is warned of.
"""

import threading
from collections.abc import Sequence
from dataclasses import field

from layer_builder import parallel
from layer_builder.aws import Region
from layer_builder.console import Reporter
from layer_builder.errors import AwsError, Problem
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import LayerVersionArn, VersionSummary
from layer_builder.outcome import Outcome
from layer_builder.publish import retention
from layer_builder.publish.objects import Objects
from layer_builder.publish.ownership import stays_because
from layer_builder.publish.region_state import AT_ONCE, LayerState
from layer_builder.publish.retention import Plan
from layer_builder.timing import today

_NEEDS = (
    "retain: needs lambda:ListFunctions on *, lambda:ListLayerVersions on the layers, and"
    " lambda:GetLayerVersionPolicy and lambda:DeleteLayerVersion on their versions",
    "run it again: what is published stays as it is, old versions are looked at anew",
)


@dataclass(frozen=True, kw_only=True)
class Cleanup:
    """Deletes old versions in one region, when all is published there."""

    region: Region
    outcome: Outcome
    reporter: Reporter
    interrupted: threading.Event = field(default_factory=threading.Event)

    def preview(self, items: Sequence[LayerState]) -> None:
        """Say what would go, as if what is new were published."""
        for item, plan in self._plans(items, published=False):
            self._tell(item, plan, "would delete")
            self._note(item, plan)

    def delete_old_versions(self, items: Sequence[LayerState]) -> None:
        """Delete what goes; a version that cannot be deleted is warned of."""
        for item, plan in self._plans(items, published=True):
            name = item.built.layer.name
            objects = Objects(
                region=self.region, name=name, reporter=self.reporter, built=item.built
            )
            try:
                referred = objects.of(plan.goes).ours
            except AwsError as error:
                self.reporter.warn(self._undeleted(item, plan.goes, error))
                continue
            gone = self._delete(item, plan)
            done = Plan(goes=gone, stays=plan.stays)
            self._tell(item, done, "deleted")
            self._note(item, done)
            left = {v.arn: referred[v.arn] for v in gone if v.arn in referred}
            if left and (discarded := objects.discard(left)):
                self.outcome.record_delivered(item.built, self.region.name, discarded=discarded)
                self.reporter.step(item.built.layer.title, f"removed {', '.join(discarded)}")

    def warn_of_storage(self) -> None:
        """Warn where the code storage is nearly full; what AWS does not tell is left alone."""
        try:
            storage = self.region.catalog.storage()
        except AwsError:
            return
        if storage and (problem := retention.near_the_limit(self.region.name, storage)):
            self.reporter.warn(problem)

    def _plans(
        self, items: Sequence[LayerState], *, published: bool
    ) -> list[tuple[LayerState, Plan]]:
        try:
            return self._plans_of(
                [i for i in items if i.built.layer.delivery.retention], published=published
            )
        except AwsError as error:
            first, *_ = error.problems
            self.reporter.warn(
                Problem(
                    message=f"no old versions are deleted in {self.region.name}, since it is not"
                    f" known whether somebody uses them: {first.message}",
                    details=tuple(line for p in error.problems for line in p.details),
                    advice=_NEEDS,
                )
            )
            return []

    def _plans_of(
        self, items: Sequence[LayerState], *, published: bool
    ) -> list[tuple[LayerState, Plan]]:
        """Decide on all layers; functions are listed after the versions, policies at the end."""
        plans = parallel.each(
            lambda item: self._plan_by_age(item, published=published), items, AT_ONCE
        )
        if any(plan.goes for plan in plans):
            users = retention.users(self.region.catalog.users())
            plans = [plan.spared(lambda version: users.get(version.arn, "")) for plan in plans]
        asked = [
            (item, version)
            for item, plan in zip(items, plans, strict=True)
            for version in plan.goes
        ]
        reasons = dict(parallel.each(self._sharing, asked, AT_ONCE))
        plans = [plan.spared(lambda version: reasons[version.arn]) for plan in plans]
        return list(zip(items, plans, strict=True))

    def _plan_by_age(self, item: LayerState, *, published: bool) -> Plan:
        rule, name = item.built.layer.delivery.retention, item.built.layer.name
        coming = 0 if published or item.is_same else 1
        versions = self.region.catalog.versions(name) if item.listed is None else item.listed
        stamp, adopts = item.built.stamp, item.built.layer.adopt

        def not_ours(version: VersionSummary) -> str:
            return "" if adopts or stamp is None else stays_because(version, stamp.owner)

        return retention.plan(rule, versions, today(), coming, not_ours) if rule else Plan()

    def _sharing(self, asked: tuple[LayerState, VersionSummary]) -> tuple[str, str]:
        item, version = asked
        policy = self.region.policies.read(item.built.layer.name, version.number, item.built)
        account = LayerVersionArn.parse(version.arn).account
        rule = item.built.layer.delivery.retention
        # Whoever may use it has had so many days to take a later one.
        days = rule.shared_days if rule else 0
        young = retention.younger(days, version, today())
        why = retention.others(policy, account, by_us=not days or bool(young))
        return version.arn, f"{why}; {young}" if why and young else why

    def _delete(self, item: LayerState, plan: Plan) -> tuple[VersionSummary, ...]:
        """Delete the oldest alone, then the others; after an error nothing new is begun."""
        errors: list[AwsError] = []
        gone: list[str] = []

        def delete(version: VersionSummary) -> None:
            if errors or self.interrupted.is_set():
                return
            try:
                self.region.versions.delete(item.built, version.number)
            except AwsError as error:
                errors.append(error)
            else:
                gone.append(version.arn)

        parallel.each(delete, plan.goes[:1], 1)
        parallel.each(delete, plan.goes[1:], AT_ONCE)
        left = [version for version in plan.goes if version.arn not in gone]
        if errors:
            self.reporter.warn(self._undeleted(item, left, errors[0]))
        return tuple(version for version in plan.goes if version not in left)

    def _undeleted(
        self, item: LayerState, left: Sequence[VersionSummary], error: AwsError
    ) -> Problem:
        first, *_ = error.problems
        return Problem(
            message=f"old versions in {self.region.name} are still there: {_numbers(left)}:"
            f" {first.message}",
            layer=item.built.layer.key,
            details=first.details,
            advice=_NEEDS,
        )

    def _tell(self, item: LayerState, plan: Plan, verb: str) -> None:
        title, name = item.built.layer.title, f"{item.built.layer.name} in {self.region.name}"
        if plan.goes:
            self.reporter.step(title, f"{verb} versions of {name}: {_numbers(plan.goes)}")
        if plan.stays:
            lines = [f"    {kept.arn}: {kept.why}" for kept in plan.stays]
            self.reporter.step(title, "\n".join([f"old versions of {name} that stay:", *lines]))

    def _note(self, item: LayerState, plan: Plan) -> None:
        self.outcome.record_delivered(
            item.built, self.region.name, retired=plan.retired, kept=plan.stays
        )


def _numbers(versions: Sequence[VersionSummary]) -> str:
    return ", ".join(str(version.number) for version in versions)
