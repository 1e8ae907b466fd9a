"""Which files are worth parsing: most of most libraries ask for no AWS service."""

import re

_FACTORY = rb"\b(?:client|resource|create_client|load_service_model|get_service_(?:model|data))\b"

_WORDS = (b"boto", b"client", b"resource", b"load_service_model", b"get_service_")

_ASKING = re.compile(rb"boto|" + _FACTORY + rb"\s*[(,)]")

_LITERAL_CALL = re.compile(_FACTORY + rb"\(\s*(?:service_name\s*=\s*)?[\"']")

_CODING = re.compile(
    rb"^[ \t\f]*#.*?coding[:=][ \t]*(?!utf-?8\b|latin-?1\b|ascii\b)[-\w.]+",
    re.IGNORECASE | re.MULTILINE,
)
"""https://docs.python.org/3/reference/lexical_analysis.html#encoding-declarations"""

_NAMING = (b"boto3", b"botocore")

COMPILED = (".so", ".pyc", ".pyd")


def is_code(path: str) -> bool:
    """Tell what Python could import."""
    return path.endswith((".py", *COMPILED)) and "__pycache__" not in path


def may_ask(source: bytes) -> bool:
    """Tell cheaply whether a source may ask for a service: most files of most libraries do not."""
    if not any(word in source for word in _WORDS):  # a pattern takes thirty times as long
        return _is_oddly_written(source)
    return bool(_ASKING.search(source)) or _is_oddly_written(source)


def has_literal_call(source: bytes) -> bool:
    """Tell cheaply whether a source may name a service, for code that knows nothing of the SDK."""
    return bool(_LITERAL_CALL.search(source)) or _is_oddly_written(source)


def names_sdk(source: bytes) -> bool:
    """Tell cheaply whether a source may import the SDK."""
    return b"boto" in source or _is_oddly_written(source)


def _is_oddly_written(source: bytes) -> bool:
    """Tell an encoding in which words look otherwise."""
    return bool(_CODING.search(b"\n".join(source[:400].split(b"\n", 2)[:2])))


def names_sdk_in_binary(content: bytes) -> bool:
    """Tell whether compiled code has the name of the SDK among its texts."""
    return any(name in content for name in _NAMING)
