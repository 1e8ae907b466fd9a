"""Which licences a layer may have: what an expression lets one choose, and what it does not."""

import pytest

from layer_builder.licences.policy import _is_let_in
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
