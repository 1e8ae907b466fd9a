"""Through whom a distribution came: the shortest chain from each that was asked for. Pure."""

from collections import deque
from collections.abc import Collection, Mapping


def requirer_chains(
    name: str, asked_for: Collection[str], requires: Mapping[str, Collection[str]]
) -> list[list[str]]:
    """List the chains of requirers that end at a distribution, the shortest first.

    Each begins with one that was asked for. All names are normalised.

    >>> requirer_chains("six", {"boto3", "six"}, {"boto3": {"dateutil"}, "dateutil": {"six"}})
    [['six'], ['boto3', 'dateutil', 'six']]
    """
    requirers: dict[str, list[str]] = {}
    for requirer in sorted(requires):
        for required in requires[requirer]:
            requirers.setdefault(required, []).append(requirer)
    after: dict[str, str | None] = {name: None}
    queue = deque([name])
    while queue:
        for requirer in requirers.get(queue[0], ()):
            if requirer not in after:
                after[requirer] = queue[0]
                queue.append(requirer)
        queue.popleft()
    chains = []
    for start in asked_for:
        if start in after:
            chain, step = [start], after[start]
            while step is not None:
                chain.append(step)
                step = after[step]
            chains.append(chain)
    return sorted(chains, key=lambda chain: (len(chain), chain))
