"""Delivers a layer version: lets others use it, writes its ARN where they look for it."""

from layer_builder.aws import Region, grantee_name
from layer_builder.console import Reporter
from layer_builder.errors import AwsError, Problem
from layer_builder.model import Built, Releasable, Release
from layer_builder.outcome import Outcome
from layer_builder.publish import parameters
from layer_builder.publish.region_state import LayerState


def deliver(
    region: Region, item: LayerState, release: Release, reporter: Reporter, outcome: Outcome
) -> None:
    """Do for a layer's version what the manifest asks for, as far as it is not so already.

    Raises AwsError for what others depend on; an object that stays in the bucket is warned of.
    """
    built, title = item.built, item.built.layer.title
    _share(region, item, release, outcome)
    if str(item.change):
        reporter.step(title, f"{release.arn}: usable {item.change}")
    _withdraw(region, item, reporter, outcome)
    written: list[str] = []
    for name in item.lacking(release.arn, release.version):
        done = parameters.write(region, built, name, release.arn)
        if done.changed:
            written.append(name)
            outcome.record_delivered(built, region.name, parameters=tuple(written))
        if done.value != release.arn:
            reporter.warn(_ahead(built, name, done.value, release))
        elif done.changed:
            reporter.step(title, f"{name} in {region.name}: {release.arn}")
    try:
        # What was not built was not staged.
        if isinstance(built, Built) and region.versions.unstage(built):
            outcome.record_delivered(built, region.name, object_removed=True)
            reporter.step(title, f"removed its zip from the bucket in {region.name}")
    except AwsError as error:
        for problem in error.problems:
            reporter.warn(problem)


def _ahead(built: Releasable, name: str, value: str, release: Release) -> Problem:
    return Problem(
        message=f"{name} in {release.region} holds a newer version, and keeps it: {value}",
        layer=built.layer.key,
        details=(f"this run has {release.arn}",),
        advice=(
            "another run published later; let a workflow's runs wait for each other: concurrency:",
            f"to go back to this one: aws ssm put-parameter --overwrite --name {name}"
            f" --value {release.arn}",
        ),
    )


def _share(region: Region, item: LayerState, release: Release, outcome: Outcome) -> None:
    granted: list[str] = []
    revoked: list[str] = []
    for grant in item.change.add:
        region.policies.grant(item.built, release.version, grant)
        granted.append(str(grant))
        outcome.record_delivered(item.built, region.name, granted=tuple(granted))
    for statement in item.change.remove:
        region.policies.revoke(item.built.layer.name, release.version, statement, item.built)
        revoked.append(grantee_name(statement))
        outcome.record_delivered(item.built, region.name, revoked=tuple(revoked))


def _withdraw(region: Region, item: LayerState, reporter: Reporter, outcome: Outcome) -> None:
    """Take older versions from whom the manifest does not name any more."""
    built = item.built
    revoked = [grantee_name(statement) for statement in item.change.remove]
    for one in item.withdrawn:
        for statement in one.statements:
            region.policies.revoke(built.layer.name, one.version.number, statement, built)
            revoked.append(grantee_name(statement))
            names = tuple(dict.fromkeys(revoked))
            outcome.record_delivered(built, region.name, revoked=names)
        who = ", ".join(f"no longer for {grantee_name(statement)}" for statement in one.statements)
        reporter.step(built.layer.title, f"{one.version.arn}: usable {who}")


def preview(region: Region, item: LayerState, reporter: Reporter, outcome: Outcome) -> None:
    """Say what `deliver` would do."""
    built, title = item.built, item.built.layer.title
    arn = item.newest.arn if item.newest and item.is_same else ""
    if str(item.change):
        what = arn or f"its new version in {region.name}"
        reporter.step(title, f"{what} would be usable {item.change}")
        outcome.record_delivered(
            built,
            region.name,
            granted=tuple(str(grant) for grant in item.change.add),
            revoked=tuple(grantee_name(statement) for statement in item.change.remove),
        )
    for one in item.withdrawn:
        who = ", ".join(f"no longer for {grantee_name(statement)}" for statement in one.statements)
        reporter.step(title, f"{one.version.arn} would be usable {who}")
    if item.withdrawn:
        statements = (*item.change.remove, *(s for one in item.withdrawn for s in one.statements))
        whom = tuple(dict.fromkeys(grantee_name(statement) for statement in statements))
        outcome.record_delivered(built, region.name, revoked=whom)
    if names := item.lacking(arn, item.number if arn else 0):
        for name in names:
            reporter.step(title, f"{name} in {region.name} would hold the ARN")
        outcome.record_delivered(built, region.name, parameters=tuple(names))
