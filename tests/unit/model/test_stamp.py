"""Stamps: written and read back, foreign ones left alone, owners never confused."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer_builder.model import DESCRIPTION_CHARACTERS, Stamp
from layer_builder.model.stamp import (
    STAMP_CHARACTERS,
    TEXT_CHARACTERS,
    UNPROVEN,
    content_mark,
    owner_mark,
    proof_mark,
    stamp_key,
)

OURS = Stamp(
    key=stamp_key(content_mark("a"), proof_mark("b"), proof_mark("c")),
    owner=owner_mark("octo-org/contracts:layers.yml"),
    commit="0123456789ab",
)


@given(
    text=st.text(max_size=TEXT_CHARACTERS),
    owner=st.text(min_size=1, max_size=300),
    commit=st.sampled_from(["-", "0123456789ab"]),
    proofs=st.sampled_from([(), (proof_mark("a"),), (UNPROVEN, proof_mark("b"))]),
)
def test_what_is_written_is_read_back_and_fits(
    text: str, owner: str, commit: str, proofs: tuple[str, ...]
) -> None:
    key = stamp_key(content_mark(owner), *proofs)
    stamp = Stamp(key=key, owner=owner_mark(owner), commit=commit)
    description = stamp.write(text)
    assert len(description) <= min(len(text) + STAMP_CHARACTERS, DESCRIPTION_CHARACTERS)
    found, read = Stamp.parse(description)
    assert (found, read, read and read.commit) == (text, stamp, commit)


@given(st.text())
def test_a_text_without_a_stamp_is_all_text(text: str) -> None:
    assert Stamp.parse(text) == (text, None)


@pytest.mark.parametrize(
    "foreign",
    [
        "core",
        "built by [some other tool]",
        "[llb1 short a/b 0123456789ab]",
        OURS.write("core").replace("llb1", "llb2"),
        OURS.write("core") + " and more",
        OURS.write("core") + "\n",
        OURS.write("core").replace(" [", "["),
        OURS.write("core").replace("0123456789ab]", "not-a-commit]"),
    ],
)
def test_what_is_not_a_stamp_is_text(foreign: str) -> None:
    assert Stamp.parse(foreign) == (foreign, None)


def test_a_text_may_look_like_a_stamp() -> None:
    text = replace(OURS, owner="somebody/else").write("core")
    assert Stamp.parse(OURS.write(text)) == (text, OURS)


def test_equality_ignores_the_commit_and_nothing_else() -> None:
    assert replace(OURS, commit="-") == OURS
    assert replace(OURS, owner="a/b") != OURS
    assert replace(OURS, key=content_mark("c")) != OURS


def test_the_parts_of_a_key() -> None:
    assert (OURS.content, OURS.proofs) == (content_mark("a"), (proof_mark("b"), proof_mark("c")))
    assert stamp_key(content_mark("a")) == content_mark("a")
    assert replace(OURS, key=content_mark("a")).proofs == (UNPROVEN, UNPROVEN)


def test_a_short_owner_is_its_own_mark() -> None:
    assert owner_mark("octo-org/contracts:layers.yml") == "octo-org/contracts:layers.yml"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("octo-org/" + "x" * 100 + ":a/layers.yml", "octo-org/" + "x" * 100 + ":b/layers.yml"),
        ("team blue", "team_blue"),
        ("équipe", "equipe"),
        ("a]b", "a[b"),
        (owner_mark("team blue"), "team blue"),
    ],
)
def test_owners_are_never_confused(one: str, other: str) -> None:
    assert owner_mark(one) != owner_mark(other)
