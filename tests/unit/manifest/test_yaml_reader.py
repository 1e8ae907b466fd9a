import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer_builder.manifest.document import YamlValue
from layer_builder.manifest.yaml_reader import MAX_CHARACTERS, MAX_VALUES, parse_yaml

YAML_PIECES = st.text("abc:-[]{}&*!|>?#%@'\",\\ \n\t<0123~\ufeff\r\0é\ud800", max_size=60)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("off", "off"),
        ("yes", "yes"),
        ("3.10", "3.10"),
        ("1_000", "1_000"),
        ("0x1F", "0x1F"),
        ("2026-01-31", "2026-01-31"),
        ("1e3", "1e3"),
        ("true", True),
        ("True", "True"),
        ("null", None),
        ("~", None),
        ("''", ""),
        ("-7", -7),
        ("999999999999999999", 999999999999999999),
        ("9999999999999999999", "9999999999999999999"),
        ("[a, {b: }]", ["a", {"b": None}]),
        ("1: a", {"1": "a"}),
        ("null: a", {"null": "a"}),
        ("\ufeffa: b", {"a": "b"}),
        ("a: 1\r\nb: 2\r\n", {"a": 1, "b": 2}),
        ("ключ: 値", {"ключ": "値"}),
    ],
)
def test_only_yaml_1_2_words_have_a_meaning_of_their_own(text: str, value: YamlValue) -> None:
    document = parse_yaml(text, "layers.yml")
    assert document.problems == ()
    assert document.value == value


def test_every_key_and_value_remembers_its_place() -> None:
    document = parse_yaml("a:\n  - b\n  - c: d\n", "x.yml")
    assert str(document.place(("a",), of_key=True)) == "x.yml:1:1"
    assert str(document.place(("a",))) == "x.yml:2:3"
    assert str(document.place(("a", 1, "c"), of_key=True)) == "x.yml:3:5"
    assert str(document.place(("a", 1, "c"))) == "x.yml:3:8"


def test_a_path_that_is_not_there_has_the_place_of_what_holds_it() -> None:
    document = parse_yaml("a:\n  b: 1\n", "x.yml")
    assert str(document.place(("a", "c", 4))) == "x.yml:2:3"
    assert document.known(("a", "list[str]", "b", "int")) == ("a", "b")


def test_places_are_the_same_with_windows_line_ends_and_a_byte_order_mark() -> None:
    text = "a: 1\nb:\n  c: 2\n"
    plain, windows = (
        parse_yaml(text, "x.yml"),
        parse_yaml("\ufeff" + text.replace("\n", "\r\n"), "x.yml"),
    )
    assert plain == windows


def test_a_mapping_wins_over_what_is_merged_into_it_wherever_the_merge_stands() -> None:
    text = "- &one {a: 1, b: 1}\n- &two {b: 2, c: 2}\n- {c: 3, <<: [*one, *two]}\n"
    document = parse_yaml(text, "x.yml")
    assert isinstance(document.value, list)
    assert document.value[2] == {"a": 1, "b": 1, "c": 3}
    places = [str(document.place((2, key))) for key in "abc"]
    assert places == ["x.yml:1:12", "x.yml:1:18", "x.yml:3:7"]


def laughs() -> str:
    """Ten anchors of ten references each stand for ten thousand million values."""
    lines = ["a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 11)]
    return "\n".join(lines)


def hidden_depth() -> str:
    """Anchors below keys that are not read build a chain that only reading goes down."""
    lines = ["? [&a0 [x]]\n: y"]
    lines += [f"? [&a{n} [*a{n - 1}]]\n: y" for n in range(1, 1500)]
    return "\n".join([*lines, "z: *a1499"])


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("", "1:1", "the manifest is empty"),
        ("# only a comment\n", "1:1", "the manifest is empty"),
        ("a: [1, 2\nb: 3", "2:2", "not YAML: while parsing a flow sequence expected ',' or ']'"),
        ("a:\n\tb: 1\n", "2:1", "YAML does not allow tabs for indentation"),
        ("a: 1\n---\nb: 2\n", "2:1", "not YAML: expected a single document in the stream"),
        ("a: *b", "1:4", "not YAML: found undefined alias 'b'"),
        ('a: "\\UFFFFFFFF"', "1:1", "not YAML: "),
        ('a: "\\U00110000"', "1:1", "not YAML: chr() arg not in range(0x110000)"),
        (f"%YAML 1.{'9' * 5000}\n---\na: 1\n", "1:1", "not YAML: "),
        ("a: \x01", "1:1", "not YAML: unacceptable character #x0001"),
        ("a: 1\na: 2\n", "2:1", "key 'a' is here twice; the first is at line 1"),
        ("a: &x [*x]\n", "1:4", "an anchor contains itself"),
        ("a: &x {<<: *x}\n", "1:4", "an anchor contains itself"),
        (laughs(), "1:10", f"its anchors expand to over {MAX_VALUES:,} values"),
        ("[" * 5000, "1:1", "nested too deeply to be a manifest"),
        ("[" * 101 + "]" * 101, "1:1", "nested too deeply to be a manifest"),
        (hidden_depth(), "1:1", "nested too deeply to be a manifest"),
        ("#" * (MAX_CHARACTERS + 1), "1:1", "larger than 1,048,576 characters: not a manifest"),
        ("a: !secret b", "1:4", "a manifest has no YAML tags (!secret)"),
        ("a: !vault {b: c}", "1:4", "a manifest has no YAML tags (!vault)"),
        ("a: !!int abc", "1:4", "a manifest has no YAML tags (tag:yaml.org,2002:int)"),
        ("a: !!bool maybe", "1:4", "a manifest has no YAML tags (tag:yaml.org,2002:bool)"),
        ("a: !!python/name:os.system x", "1:4", "a manifest has no YAML tags (tag:yaml.org,"),
        ("{[a]: b}", "1:2", "a key must be plain text"),
        ("a: {<<: 5}", "1:5", "<<: takes a mapping"),
        ('a: "b\\0"', "1:4", "no file or layer can be called 'b\\x00'"),
        ('"\\ud800": 1', "1:1", "no file or layer can be called '\\ud800'"),
    ],
)
def test_what_is_no_manifest_is_told_with_its_place(text: str, place: str, message: str) -> None:
    told = {
        (str(p.place), p.message[: len(message)]) for p in parse_yaml(text, "layers.yml").problems
    }
    assert (f"layers.yml:{place}", message) in told


@given(st.one_of(st.text(st.characters(codec=None), max_size=60), YAML_PIECES))
def test_no_text_makes_it_raise(text: str) -> None:
    document = parse_yaml(text, "layers.yml")
    assert document.problems or str(document.place(())).startswith("layers.yml:")


def test_tags_of_cloudformation_are_read_as_their_long_forms() -> None:
    text = (
        "a: &x !Sub '${B}-c'\nb: !If [C, !Ref D, *x]\nc: !GetAtt E.Arn\nd: !Select {e: 1}\ne: *x\n"
    )
    document = parse_yaml(text, "template.yaml", tags=True)
    assert document.problems == ()
    sub: YamlValue = {"Fn::Sub": "${B}-c"}
    assert document.value == {
        "a": sub,
        "b": {"Fn::If": ["C", {"Ref": "D"}, sub]},
        "c": {"Fn::GetAtt": "E.Arn"},
        "d": {"Fn::Select": {"e": 1}},
        "e": sub,
    }
    assert len(parse_yaml(text, "layers.yml").problems) == 7


@given(YAML_PIECES)
def test_any_text_may_be_a_template(text: str) -> None:
    parse_yaml(text, "template.yaml", tags=True)
