"""The kinds of values in a manifest: sizes, shares, patterns, lists that may be one entry."""

import re
from typing import Annotated, Literal

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from pydantic import AfterValidator, BeforeValidator, ByteSize, Field, StringConstraints

from layer_builder.model import ACCOUNT_PATTERN, REGION_PATTERN, Architecture, Python
from layer_builder.patterns import PathPatterns

_SECRET = re.compile(
    r"TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|_KEY|API_?KEY|AUTH|LOGIN|^(UV|PIP)_\w*INDEX"
)
"""Names that variables with secrets have."""


_SIZE_PATTERN = r"^\s*\d+(\.\d+)?\s*([kKmMgG]i?)?[bB]?\s*$"


def one_or_many(value: object) -> object:
    """Let one entry stand for a list of it."""
    return [value] if isinstance(value, (str, int, dict)) else value


def _size(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or not re.match(_SIZE_PATTERN, value):
        message = "a size is a number with a unit, such as `50 MiB`"
        raise ValueError(message)
    return value


def _sdk(value: object) -> object:
    if value in {"bundle", "runtime", "auto"} if isinstance(value, str) else _is_services(value):
        return value
    message = "it is bundle, runtime, auto, or a list of services such as [s3, sqs]"
    raise ValueError(message)


def _is_services(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)


def _pattern(value: str) -> str:
    try:
        PathPatterns([value])
    except ValueError:
        message = "git knows no such pattern"
        raise ValueError(message) from None
    return value


def _share(value: object) -> object:
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", value) if isinstance(value, str) else None
    share = float(match[1]) / 100 if match else 0.0
    if not 0 < share <= 1:
        message = "a share is a percentage above 0 and up to 100, such as `80%`"
        raise ValueError(message)
    return share


def one_line(value: str) -> str:
    """Make spaces of line breaks."""
    return " ".join(line.strip() for line in value.splitlines()).strip()


def _licence(value: str) -> str:
    if value == "unknown" or re.fullmatch(r"[\w.+-]*\*[\w.+*-]*", value):
        return value
    try:
        expression = str(canonicalize_license_expression(value))
    except InvalidLicenseExpression:
        expression = ""
    if not expression or {"AND", "OR"} & set(expression.split()):
        message = "it is no SPDX identifier such as BSD-3-Clause, no pattern such as GPL-*, and not unknown"
        raise ValueError(message)
    return expression


def _variable_name(value: str) -> str:
    if not re.fullmatch(r"[A-Z_][A-Z0-9_]*", value):
        message = "a variable has a name such as PANDAS_VERSION"
        raise ValueError(message)
    if _SECRET.search(value):
        message = "its name is that of a secret, and what it holds would stand in logs and locks"
        raise ValueError(message)
    return value


Size = Annotated[
    ByteSize,
    BeforeValidator(
        _size, json_schema_input_type=Annotated[str, Field(pattern=_SIZE_PATTERN)] | int
    ),
]


Share = Annotated[
    float,
    BeforeValidator(
        _share, json_schema_input_type=Annotated[str, Field(pattern=r"^\s*\d+(\.\d+)?\s*%\s*$")]
    ),
]


SdkChoice = Annotated[
    Literal["bundle", "runtime", "auto"] | list[str],
    BeforeValidator(_sdk, json_schema_input_type=Literal["bundle", "runtime", "auto"] | list[str]),
]


Text = Annotated[str, StringConstraints(min_length=1, strict=True)]


Texts = Annotated[
    list[Text], BeforeValidator(one_or_many, json_schema_input_type=Text | list[Text])
]


Licences = Annotated[
    list[Annotated[Text, AfterValidator(_licence)]],
    BeforeValidator(one_or_many, json_schema_input_type=Text | list[Text]),
    Field(min_length=1),
]


Variables = Annotated[
    list[Annotated[Text, AfterValidator(_variable_name)]],
    BeforeValidator(one_or_many, json_schema_input_type=Text | list[Text]),
]


Patterns = Annotated[
    list[Annotated[Text, AfterValidator(_pattern)]],
    BeforeValidator(one_or_many, json_schema_input_type=Text | list[Text]),
]


Pythons = Annotated[
    list[Python],
    BeforeValidator(one_or_many, json_schema_input_type=Python | list[Python]),
    Field(min_length=1),
]


Architectures = Annotated[
    list[Architecture],
    BeforeValidator(one_or_many, json_schema_input_type=Architecture | list[Architecture]),
    Field(min_length=1),
]


def _account(value: object) -> object:
    # YAML reads an unquoted account id as a number.
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not re.fullmatch(ACCOUNT_PATTERN, text):
        message = 'an AWS account has 12 digits; quote it: "012345678901"'
        raise ValueError(message)
    return text


def _organization(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"o-[a-z0-9]{10,32}", value):
        message = "the id of an AWS organization looks like o-a1b2c3d4e5"
        raise ValueError(message)
    return value


def _region(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(REGION_PATTERN, value):
        message = "a region looks like eu-west-1"
        raise ValueError(message)
    return value


Account = Annotated[str, BeforeValidator(_account, json_schema_input_type=str | int)]


Accounts = Annotated[
    list[Account],
    BeforeValidator(one_or_many, json_schema_input_type=str | int | list[str | int]),
]


Organization = Annotated[str, BeforeValidator(_organization, json_schema_input_type=str)]


Regions = Annotated[
    list[Annotated[str, BeforeValidator(_region, json_schema_input_type=str)]],
    BeforeValidator(one_or_many, json_schema_input_type=Text | list[Text]),
    Field(min_length=1),
]
