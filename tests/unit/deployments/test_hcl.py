import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer_builder.deployments.hcl import literal, read_blocks, strings

TEXT = """\
# resource "a" "commented" {}
/* resource "a" "too" {
*/
resource "a" "b" {
  name    = "x } y"  # { not a block
  list    = [
    "p",
    "q",
  ]
  call    = join("-", ["a", "b"])
  policy  = <<-EOT
    } = {
    EOT
  inner {
    name = "z"
  }
  after = var.after
}
locals { n = "python3.12" }
"""


def test_blocks_have_their_own_attributes_and_no_others() -> None:
    block, local = read_blocks(TEXT)
    assert (block.kind, block.labels) == ("resource", ("a", "b"))
    assert TEXT[block.start :].startswith("resource")
    assert literal(block.attributes["name"]) == "x } y"
    assert strings(block.attributes["list"]) == ["p", "q"]
    assert strings(block.attributes["call"]) == ["-", "a", "b"]
    assert block.attributes["after"] == "var.after"
    assert {*block.attributes} == {"name", "list", "call", "policy", "after"}
    assert [inner.kind for inner in read_blocks(block.body)] == ["inner"]
    assert local.attributes == {"n": '"python3.12"'}


@pytest.mark.parametrize("piece", ["/*", '\\"', '"\\', "<<A\n", "{", "resource {", "a = [\n", "}"])
def test_what_never_closes_takes_no_square_of_the_time(piece: str) -> None:
    began = time.monotonic()
    list(read_blocks(piece * (1_000_000 // len(piece))))
    assert time.monotonic() - began < 20


@given(st.text('ab{}[]()"\\=#/*<\n -', max_size=80))
def test_any_text_is_read(text: str) -> None:
    for block in read_blocks(text):
        assert text[block.start :].startswith(block.kind)
