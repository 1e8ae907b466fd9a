"""Which services functions asked for, as seen when they ran, whose data their layers had lost."""

import re
from collections.abc import Iterable, Mapping

from layer_builder.model import ServiceUse, Stack
from layer_builder.resolve import Resolved
from layer_builder.sdk_services import ServiceNeeds
from layer_builder.stack_services.beside import chooses_services

# Where the SDK keeps what it knows of a service; below /opt a layer's folder comes first:
# https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html#packaging-layers-paths
_DATA = re.compile(
    r"python/(?:lib/python[^/]+/site-packages/)?(?:botocore|boto3)/data/(?P<service>[^/]+)/."
)


def lost_services(
    stacks: Iterable[Stack], lost: Mapping[str, Mapping[str, str]], resolved: Mapping[str, Resolved]
) -> dict[str, ServiceNeeds]:
    """Find for layers with `sdk: auto`, by id, the services whose data functions of theirs missed.

    `lost` has by the key of a stack the files below /opt that it opened on the unpruned layers and
    not on the pruned ones, and who opened them.
    """
    found: dict[str, dict[str, ServiceUse]] = {}
    for stack in stacks:
        uses = {
            match["service"]: ServiceUse(service=match["service"], place=who)
            for path, who in sorted(lost.get(stack.key, {}).items())
            if (match := _DATA.match(path))
        }
        for layer in stack.layers:
            item = resolved.get(layer.id)
            if item and chooses_services(item):
                # What was asked for and is not there all the same, another rule took.
                new = {name: use for name, use in uses.items() if name not in item.needs.services}
                found.setdefault(layer.id, {}).update(new)
    return {
        layer_id: ServiceNeeds(uses=tuple(uses[name] for name in sorted(uses)))
        for layer_id, uses in found.items()
        if uses
    }
