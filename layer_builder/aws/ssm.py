"""SSM parameters that hold the layer versions' ARNs.

API: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
"""

from collections.abc import Sequence
from functools import partial

from layer_builder.aws.errors import readable
from layer_builder.aws.session import Aws
from layer_builder.model.build import Built

_AT_ONCE = 10
"""Names that GetParameters takes."""


class Parameters:
    """The parameters of one region."""

    def __init__(self, aws: Aws) -> None:
        """Take the region; nothing is sent yet."""
        self._aws = aws

    def read(self, names: Sequence[str]) -> dict[str, str]:
        """Read the values of those that exist, by name."""
        found: dict[str, str] = {}
        with self._aws.translated(None):
            for start in range(0, len(names), _AT_ONCE):
                some = list(names[start : start + _AT_ONCE])
                found |= self._aws.repeated(partial(self._read, some))
        return found

    def _read(self, names: list[str]) -> dict[str, str]:
        answer = self._aws.client("ssm").get_parameters(Names=names)
        with readable("GetParameters"):
            return {item["Name"]: item["Value"] for item in answer["Parameters"]}

    def write(self, built: Built, name: str, value: str) -> None:
        """Set a parameter of a layer; set twice it is set once."""
        with self._aws.translated(built):
            self._aws.repeated(
                lambda: self._aws.client("ssm").put_parameter(
                    Name=name, Value=value, Type="String", Overwrite=True
                )
            )
