"""Writes SSM parameters so that they never go back to an older version, whoever writes at the same time.

SSM has no conditional write, but it counts: PutParameter answers with the number of the value that it
wrote, and earlier values can be read by their numbers.
https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
"""

from layer_builder.aws import Region
from layer_builder.errors import AwsError
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import LayerVersionArn, ParameterValue, Releasable

_MOST_ROUNDS = 5


@dataclass(frozen=True, kw_only=True)
class Written:
    """What became of a parameter."""

    value: str
    """The ARN that it holds now: the one that was to be written, or a newer version's."""
    changed: bool
    """Whether it was written."""


def is_newer(value: str, arn: str) -> bool:
    """Tell whether a value is the ARN of a later version of the same layer.

    >>> is_newer("arn:aws:lambda:r:1:layer:a:10", "arn:aws:lambda:r:1:layer:a:9")
    True
    """
    there, ours = LayerVersionArn.parse(value), LayerVersionArn.parse(arn)
    digits = there.version.isascii() and there.version.isdigit()
    return digits and there.layer == ours.layer and there.number > ours.number


def write(region: Region, built: Releasable, name: str, arn: str) -> Written:
    """Have a parameter hold an ARN, unless it holds a newer version's by now. Raises AwsError.

    A value that another run wrote between our look and our write, and that is newer, is put back.
    """
    before = next(iter(region.parameters.look([name])), ParameterValue(name=name))
    if before.value == arn or _stays(region, before.value, arn):
        return Written(value=before.value, changed=False)
    for _ in range(_MOST_ROUNDS):
        number = region.parameters.write(built, name, arn)
        between = [f"{name}:{n}" for n in range(before.number + 1, number)]
        if not between:
            break
        values = {found.value for found in region.parameters.look(between)}
        newer = [value for value in values if _stays(region, value, arn)]
        if not newer:
            break
        arn = max(newer, key=lambda value: LayerVersionArn.parse(value).number)
        before = ParameterValue(name=name, number=number)
    return Written(value=arn, changed=True)


def _stays(region: Region, value: str, arn: str) -> bool:
    """Tell whether a value is newer than an ARN, and no leftover of a version that was deleted."""
    if not is_newer(value, arn):
        return False
    try:
        region.catalog.content(value)
    except AwsError as error:
        if error.code == "ResourceNotFoundException":
            return False
        raise
    return True
