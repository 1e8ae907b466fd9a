"""Requirements with addresses, taken apart: what people write, and what nobody can mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer_builder.addresses.asked import RefusedAddressError, name_of_wheel, take_apart


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("./libs/a", ("", (), "./libs/a", "")),
        (".", ("", (), ".", "")),
        ("../a[x, y]", ("", ("x", "y"), "../a", "")),
        ("./a ; python_version >= '3.9'", ("", (), "./a", 'python_version >= "3.9"')),
        ("./a;python_version >= '3.9'", ("", (), "./a", 'python_version >= "3.9"')),
        ("a@./a", ("a", (), "./a", "")),
        ("A.b[x] @ git+https://h/r@v1 ; extra == 'y'",
         ("A.b", ("x",), "git+https://h/r@v1", 'extra == "y"')),
        ("git+https://h/r@v1#egg=a[x]", ("a", ("x",), "git+https://h/r@v1#egg=a", "")),
        ("https://h/a;b.whl", ("", (), "https://h/a;b.whl", "")),
    ],
)  # fmt: skip
def test_a_line_is_taken_apart(line: str, found: tuple[object, ...]) -> None:
    asked = take_apart(line, (), "")
    assert (asked.name, asked.extras, asked.address, asked.marker) == found


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a @ ./a b", "'a @ ./a b' has a blank in its address"),
        ("a @ https://u:hunter2@h/a b", "'a @ https://…@h/a b' has a blank in its address"),
        ("./a ; nonsense", "'./a ; nonsense' is not a requirement: "),
        ("a[x!] @ ./a", "'a[x!] @ ./a' is not a requirement: "),
    ],
)
def test_what_cannot_be_read_is_told(line: str, message: str) -> None:
    with pytest.raises(RefusedAddressError) as caught:
        take_apart(line, (), "")
    assert str(caught.value).startswith(message)


@given(st.text("aA1./~@#[];:+=& \\\t'\"é$-git+https://", max_size=60))
def test_any_text_is_read_or_refused(line: str) -> None:
    try:
        asked = take_apart(line, (), "")
        assert isinstance(asked.scheme, str)
        assert isinstance(asked.subdirectory, str)
        asked.refuse_login()
    except RefusedAddressError:
        pass


def test_a_wheel_tells_its_name() -> None:
    assert name_of_wheel("https://h/A_b-1.0-py3-none-any.whl") == "a-b"
    assert name_of_wheel("https://h/a.zip") == ""
