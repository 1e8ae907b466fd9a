"""Looks at who calls a function: its published versions and aliases, and which of them follow."""

from collections.abc import Sequence
from dataclasses import replace

from layer_builder.attach.serving import ServingPlan, left_behind, plan_serving
from layer_builder.aws import Region
from layer_builder.errors import AwsError, Problem
from layer_builder.model import Alias, FunctionState, FunctionVersion, Serving


def look_at_callers(
    region: Region, serving: Serving, function: FunctionState, layers: Sequence[str]
) -> tuple[ServingPlan, list[Problem]]:
    """See which published versions and aliases are to follow to these layers, and which do not.

    Gives what to say of it, too. Raises AwsError.
    """
    functions = region.functions
    problems: list[Problem] = []
    aliases: list[Alias] = []
    versions: list[FunctionVersion] = []
    try:
        aliases = functions.aliases(function.name)
        if serving.publishes or any(one.version.isdigit() for one in aliases):
            versions = functions.versions(function.name)
    except AwsError as error:
        if serving.publishes or not error.is_withheld:
            raise
        first = error.problems[0]
        problems.append(
            replace(first, message=f"whether an alias serves its old layers is not known: {first.message}")
        )  # fmt: skip
    plan = plan_serving(serving, layers, versions, aliases)
    usable = versions
    # Ends: each round leaves a version out.
    while plan.after and (why := functions.settled(function.name, plan.version).broken):
        problems.append(
            Problem(message=f"its version {plan.version} has these layers, and failed: {why}")
        )
        usable = [one for one in usable if one.number != plan.version]
        plan = plan_serving(serving, layers, usable, aliases)
    if behind := left_behind(layers, versions, aliases, serving.alias):
        problems.append(
            Problem(
                message=f"callers of its alias {' and '.join(behind)} keep other layers than these",
                advice=("alias: in the manifest names the one that is to follow",),
            )
        )
    if function.serves_snapshots and not serving.publishes:
        problems.append(
            Problem(
                message="SnapStart serves its published versions, and these keep the layers they have",
                advice=("publish-version: true publishes one with the new layers; or alias:",),
            )
        )
    return plan, problems
