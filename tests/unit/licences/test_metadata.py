"""What metadata says of licences, as SPDX expressions; what it does not say is not made up."""

import pytest
from license_expression import get_spdx_licensing

from layer_builder.licences.metadata import read_metadata, spdx
from layer_builder.licences.table import CLASSIFIERS, WORDS
from layer_builder.model import Licensed
from layer_builder.model.build import license_info

OSI = "Classifier: License :: OSI Approved :: "


@pytest.mark.parametrize(
    ("headers", "expression", "said"),
    [
        ("License-Expression: mit or apache-2.0", "MIT OR Apache-2.0", ""),
        ("License-Expression: MIT\nLicense: GPL-3.0-only", "MIT", ""),
        ("License: BSD-3-Clause", "BSD-3-Clause", ""),
        ("License: Apache License, Version 2.0", "Apache-2.0", ""),
        ("License: BSD 3-Clause License\n        \n        Copyright (c) 2008, A", "BSD-3-Clause", ""),
        (f"{OSI}MIT License", "MIT", ""),
        (f"License: Copyright me\n{OSI}GNU General Public License v3 or later (GPLv3+)", "GPL-3.0-or-later", ""),
        (f"{OSI}MIT License\n{OSI}Apache Software License", "Apache-2.0 AND MIT", ""),
        ("Classifier: License :: OSI Approved\nLicense: MIT", "MIT", ""),
        (f"License: BSD\n{OSI}BSD License", "", "BSD; BSD License"),
        (f"{OSI}MIT License\n{OSI}BSD License", "", "MIT License; BSD License"),
        ("License-Expression: nonsense", "", "nonsense"),
        ("License: Dual License", "", "Dual License"),
        ("License: UNKNOWN", "", "UNKNOWN"),
        ("Summary: nothing is said", "", ""),
        ("License: " + "x" * 300, "", "x" * 80),
    ],
)  # fmt: skip
def test_a_licence_is_read_as_it_is_said(headers: str, expression: str, said: str) -> None:
    text = f"Metadata-Version: 2.1\nName: a\nVersion: 1\n{headers}\n\nLicense: MIT\n"
    found = read_metadata(text, "a", "1")
    assert found == Licensed(name="a", version="1", expression=expression, said=said)


@pytest.mark.parametrize("identifier", sorted({*CLASSIFIERS.values(), *WORDS.values()}))
def test_the_table_has_spdx_identifiers(identifier: str) -> None:
    assert spdx(identifier) == identifier
    assert get_spdx_licensing().validate(identifier).errors == []


def licensed(*expressions: str) -> list[Licensed]:
    return [Licensed(name=f"n{i}", version="1", expression=e) for i, e in enumerate(expressions)]


@pytest.mark.parametrize(
    ("expressions", "text"),
    [
        ((), ""),
        (("",), ""),
        (("MIT", "MIT"), "MIT"),
        (("MIT", ""), "MIT AND LicenseRef-unknown"),
        (("MIT OR GPL-2.0-only", "BSD-3-Clause"), "BSD-3-Clause AND (MIT OR GPL-2.0-only)"),
    ],
)
def test_a_layer_shows_all_its_licences(expressions: tuple[str, ...], text: str) -> None:
    assert sorted(license_info(licensed(*expressions)).split(" AND ")) == sorted(
        text.split(" AND ")
    )


def test_what_has_no_room_is_counted() -> None:
    text = license_info(licensed(*(f"LicenseRef-{n:030}" for n in range(40))))
    assert 440 < len(text) <= 512
    parts = text.split(" AND ")
    assert parts[-1] == f"LicenseRef-and-{41 - len(parts)}-more"
    assert spdx(text) == text
