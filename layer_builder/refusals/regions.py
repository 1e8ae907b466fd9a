"""Regions: names that are none, and those that an account's credentials do not hold in."""

import difflib
import re
from collections.abc import Sequence

from layer_builder.errors import Problem
from layer_builder.model import Caller

_HOMES = {
    "aws": "us-east-1",
    "aws-cn": "cn-north-1",
    "aws-us-gov": "us-gov-west-1",
    "aws-eusc": "eusc-de-east-1",
}
"""A region of each partition that no account has to enable:
https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html"""


_DIRECTIONS = frozenset(
    {
        *("north", "east", "south", "west", "central"),
        *("northeast", "northwest", "southeast", "southwest"),
    }
)


def home_region(partition: str) -> str:
    """Name a region that every account of a partition has; empty where none is known."""
    return _HOMES.get(partition, "")


def region_mistake(name: str, known: Sequence[str]) -> tuple[str, ...] | None:
    """Give the regions that a name likely means, where it can be none; None for one that may be.

    AWS opens regions that an older botocore does not list, in areas that it did not have before
    (`mx-central-1`). What all of them have is a direction before the number; so only a name without
    one is refused, and one that is merely not listed is tried. No address could have other signs
    than letters, digits and hyphens.

    >>> region_mistake("eu-wset-1", ["eu-west-1", "us-east-1"])
    ('eu-west-1',)
    >>> region_mistake("nz-west-1", ["eu-west-1", "us-east-1"])
    """
    direction = name.rpartition("-")[0].rpartition("-")[2]
    may_be = direction in _DIRECTIONS and re.fullmatch(r"[a-z0-9-]{1,63}", name)
    return None if name in known or may_be else near_regions(name, known)


def near_regions(name: str, known: Sequence[str]) -> tuple[str, ...]:
    """List the regions whose names are most like one, at most three."""
    return tuple(difflib.get_close_matches(name, known, n=3, cutoff=0.75))


def elsewhere_known(region: str, caller: Caller, facts: tuple[str, ...]) -> Problem:
    """Say that a region does not know credentials which AWS knows elsewhere."""
    return Problem(
        message=f"the region {region} is not enabled for the account {caller.account}: it does not"
        " know these credentials, which AWS knows elsewhere",
        details=facts,
        advice=(
            f"take it out of aws-region, or enable it: aws account enable-region --region-name {region}"
            " (it takes minutes to hours)",
            # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html
            "if it is enabled: session tokens of the global endpoint of STS do not hold there; log in"
            f" at a regional one (AWS_STS_REGIONAL_ENDPOINTS=regional, aws-region: {region})",
        ),
    )


def wrong_partition(region: str, partition: str, caller: Caller) -> Problem:
    """Say that credentials are of another partition than a region."""
    return Problem(
        message=f"the region {region} is of the partition {partition}, and the credentials are of"
        f" {caller.partition}: no account is in both",
        details=(f"account {caller.account}, {caller}",),
        advice=("publish to each partition in a run of its own, with credentials of its own",),
    )


def is_clock_skew(code: str, text: str) -> bool:
    """Tell whether AWS refuses a signature for its time."""
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
    return code == "RequestTimeTooSkewed" or bool(
        re.search(r"Signature expired: |Signature not yet current", text)
    )
