"""What a distribution's METADATA says of its licence.

Newer ones have an SPDX expression: https://peps.python.org/pep-0639/. Older ones have words and
classifiers: https://packaging.python.org/en/latest/specifications/core-metadata/#license
"""

from dataclasses import replace
from email.message import Message
from email.parser import HeaderParser

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from layer_builder.inventory import metadata_of
from layer_builder.licences.table import CLASSIFIERS, WORDS
from layer_builder.model import Licensed

_FILE = "METADATA"
_SHOWN_CHARACTERS = 80
_PREFIX = "License :: "


def is_metadata(path: str) -> bool:
    """Tell whether a path, as it is below python/ and in a wheel, is that of a distribution's METADATA."""
    folder, _, file = path.rpartition("/")
    return file == _FILE and "/" not in folder and metadata_of(folder) is not None


def licensed_in(path: str, content: bytes) -> Licensed | None:
    """Read a distribution's METADATA; None for another file."""
    whose = metadata_of(path) if is_metadata(path) else None
    return read_metadata(content.decode("utf-8", "replace"), *whose) if whose else None


def read_metadata(text: str, name: str, version: str) -> Licensed:
    """Give a distribution's licence as an SPDX expression, or the words that tell none; what it requires.

    Classifiers that name several are joined by AND: they do not say whether one may choose.
    """
    headers = HeaderParser().parsestr(text)
    requires = tuple(str(value) for value in headers.get_all("Requires-Dist", ()))
    return replace(_licensed(headers, name, version), requires=requires)


def _licensed(headers: Message, name: str, version: str) -> Licensed:
    stated = str(headers.get("License-Expression") or "")
    if expression := spdx(stated):
        return Licensed(name=name, version=version, expression=expression)
    classifiers = [
        str(value).rpartition(" :: ")[2].strip()
        for value in headers.get_all("Classifier", ())
        if str(value).startswith(_PREFIX) and str(value) != "License :: OSI Approved"
    ]
    words = str(headers.get("License") or "").strip()
    first = " ".join(words.partition("\n")[0].split())
    if expression := spdx(first) or WORDS.get(first.lower(), ""):
        return Licensed(name=name, version=version, expression=expression)
    known = sorted({CLASSIFIERS.get(one, "") for one in classifiers})
    if known and all(known):
        return Licensed(name=name, version=version, expression=" AND ".join(known))
    said = "; ".join(filter(None, (stated, first, *classifiers)))
    return Licensed(name=name, version=version, said=said[:_SHOWN_CHARACTERS])


def spdx(text: str) -> str:
    """Give an SPDX expression as it is written; empty for what is none."""
    try:
        return str(canonicalize_license_expression(text)) if text.strip() else ""
    except InvalidLicenseExpression:
        return ""
