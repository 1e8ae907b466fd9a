"""Which licences a layer may have: what an expression lets one choose, and what it does not."""

import pytest

from layer_builder.licences.policy import _is_let_in, _way_out
from layer_builder.model import LicencePolicy, Licensed

GCC = "GPL-3.0-or-later WITH GCC-exception-3.1"


@pytest.mark.parametrize(
    ("expression", "allow", "deny", "is_let_in"),
    [
        ("MIT", (), (), True),
        ("MIT", ("MIT",), (), True),
        ("MIT", ("mit",), (), True),
        ("MIT", ("BSD-3-Clause",), (), False),
        ("BSD-3-Clause", ("BSD-*",), (), True),
        ("GPL-3.0-or-later", (), ("GPL-*",), False),
        ("LGPL-3.0-or-later", (), ("GPL-*",), True),
        ("MIT", ("*",), ("MIT",), False),
        ("MIT OR GPL-3.0-only", (), ("GPL-*",), True),
        ("MIT AND GPL-3.0-only", (), ("GPL-*",), False),
        ("(MIT OR GPL-2.0-only) AND Apache-2.0", ("MIT", "Apache-2.0"), (), True),
        ("(MIT OR GPL-2.0-only) AND Apache-2.0", ("MIT",), (), False),
        (GCC, (), ("GPL-3.0-or-later",), False),
        (GCC, (GCC,), ("GPL-3.0-or-later",), True),
        (GCC, ("GPL-3.0-or-later",), (), True),
        ("GPL-2.0+", (), ("GPL-2.0-or-later",), False),
        ("AGPL-3.0", (), ("AGPL-3.0",), False),
        ("AGPL-3.0-only", (), ("AGPL-3.0",), False),
        ("GPL-2.0+", (), ("GPL-2.0+",), False),
        ("GPL-2.0", ("GPL-2.0",), (), True),
        ("LicenseRef-Ours", ("LicenseRef-*",), (), True),
        ("", ("MIT",), (), False),
        ("", ("MIT", "unknown"), (), True),
        ("", (), ("GPL-*",), True),
        ("", (), ("unknown",), False),
    ],
)
def test_an_expression_is_held_to_a_policy(
    expression: str, allow: tuple[str, ...], deny: tuple[str, ...], is_let_in: object
) -> None:
    one = Licensed(name="a", version="1", expression=expression)
    assert _is_let_in(one, LicencePolicy(allow=allow, deny=deny)) is is_let_in


@pytest.mark.parametrize(
    ("expression", "allow", "deny", "way"),
    [
        ("MPL-2.0", ("MIT",), (), "write MPL-2.0 under allow:"),
        ("MIT AND MPL-2.0", ("MIT",), (), "write MPL-2.0 under allow:"),
        ("AGPL-3.0", (), ("MIT", "AGPL-3.0"), "take AGPL-3.0 out of deny:"),
        ("", ("MIT",), (), "write unknown under allow:"),
        ("", (), ("unknown",), "take unknown out of deny:"),
        (
            "GPL-3.0-only",
            ("MIT",),
            ("GPL-*",),
            "take GPL-* out of deny: and write GPL-3.0-only under allow:",
        ),
    ],
)
def test_what_is_said_to_be_written_lets_it_in(
    expression: str, allow: tuple[str, ...], deny: tuple[str, ...], way: str
) -> None:
    one = Licensed(name="a", version="1", expression=expression)
    assert _way_out(one, LicencePolicy(allow=allow, deny=deny)) == way
