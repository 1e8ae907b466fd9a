from typing import Any

import pytest
import yaml

from layer_builder.manifest.editor import format_layers, replace_layer

NEW = {
    "core-1": {"packages": ["numpy>=2"]},
    "core-2": {"packages": ["pandas"], "requires": ["core-1"]},
}
TEXT = """\
# The shop's layers.
version: 1
python: "3.12"   # as the functions
layers:
  # before core
  core:
    # inside core
    packages: [pandas]
    imports:
      - pandas

  # above web
  web:
    requires: [core]   # why
    packages: [flask]
  other:
    requires:
      - web
      - core  # last
functions:
  api: {layers: [core, web]}  # flow
  job:
    layers:
    - "core"
    - other
"""


def test_a_layer_is_replaced_and_the_rest_stays_as_it_was() -> None:
    assert (
        replace_layer(TEXT, "core", NEW)
        == """\
# The shop's layers.
version: 1
python: "3.12"   # as the functions
layers:
  # before core
  core-1:
    packages:
    - numpy>=2
  core-2:
    packages:
    - pandas
    requires:
    - core-1

  # above web
  web:
    requires: [core-2]   # why
    packages: [flask]
  other:
    requires:
      - web
      - core-2  # last
functions:
  api: {layers: [core-1, core-2, web]}  # flow
  job:
    layers:
    - core-1
    - core-2
    - other
"""
    )


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        "layers:\n  core: {packages: [pandas]}\nfunctions:\n  f:\n    layers:\n    -   core\n",
        "layers:\n    core:\n        packages: pandas\n    web:\n        requires: core\n",
        "layers: {core: {packages: [pandas]}, web: {requires: [core]}}\n",
        "layers: {web: {requires: [core]}, core: {packages: [pandas]}}\n",
        "layers:\n  {core: {packages: [pandas]},\n   web: {packages: [x]}}\n",
        "layers:\n  web: {requires: core}\n  core: {packages: [pandas]}",
        "{version: 1, layers: {core: {packages: [pandas]}}, functions: {f: {layers: [core]}}}",
        'layers:\n  "core":\n    packages: |\n      pandas\n\n# end\n',
        "layers:\n  core: {packages: [a]}\nfunctions:\n  f:\n    layers: [\n      web,\n      core,\n    ]\n",
    ],
)
def test_the_result_means_what_it_should_however_it_was_written(text: str) -> None:
    before, after = yaml.safe_load(text), yaml.safe_load(replace_layer(text, "core", NEW))
    expected_layers: dict[str, Any] = {}
    for key, entry in before["layers"].items():
        if key == "core":
            expected_layers |= NEW
            continue
        requires = entry.get("requires")
        named = [requires] if isinstance(requires, str) else requires
        if named:
            new = ["core-2" if name == "core" else name for name in named]
            entry["requires"] = new[0] if isinstance(requires, str) else new
        expected_layers[key] = entry
    for function in before.get("functions", {}).values():
        function["layers"] = [
            name for old in function["layers"] for name in (NEW if old == "core" else [old])
        ]
    assert after == {**before, "layers": expected_layers}
    assert list(after["layers"]) == list(expected_layers)


def test_comments_behind_the_last_layer_stay() -> None:
    text = "layers:\n  core:\n    packages: [a]  # why\n# the end\n"
    assert replace_layer(text, "core", {"x": {"packages": ["a"]}}) == (
        "layers:\n  x:\n    packages:\n    - a  # why\n# the end\n"
    )


def test_a_text_without_the_layer_stays_as_it_is() -> None:
    assert replace_layer(TEXT, "none", NEW) == TEXT


def test_a_block_reads_as_what_stands_below_layers() -> None:
    text = format_layers(NEW)
    assert yaml.safe_load("layers:\n" + text) == {"layers": NEW}
    assert text.startswith("  core-1:\n    packages:\n    - numpy>=2\n")
