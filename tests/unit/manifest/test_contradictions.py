"""Manifests whose parts are well-formed and do not fit together, or not what AWS takes."""

from collections.abc import Callable

import pytest

TOP = 'version: 1\npython: "3.12"\n'
ONE = "layers: {a: {packages: [x]}}\n"
MANY = "layers: {" + ", ".join(f"l{n}: {{packages: [x]}}" for n in range(6)) + "}\n"


@pytest.mark.parametrize(
    ("text", "message", "advice"),
    [
        (
            f"{TOP}layers: {{a: {{}}}}\n",
            "3:10: layer a: has nothing in it",
            "give it requirements:, packages:, project: or include:",
        ),
        (
            f"version: 1\n{ONE}functions: {{f: {{layers: [a]}}}}\n",
            "2:10: layer a: no python: for this layer",
            'write python: "3.12" at the top, or in the layer',
        ),
        (
            f"{TOP}layers: {{a b: {{packages: [x]}}}}\n",
            "3:10: a layer's key is made of letters, digits, - and _",
            "",
        ),
        (
            f"{TOP}layers: {{é: {{packages: [x]}}}}\n",
            "3:10: a layer's key is made of letters, digits, - and _",
            "",
        ),
        (
            f"{TOP}{ONE}name: '{{layr}}'\n",
            "4:7: name '{layr}': only {layer}, {python} and {architecture} are filled in",
            "",
        ),
        (
            f"{TOP}{ONE}name: '{{layer!r:>9}}{{'\n",
            "4:7: name '{layer!r:>9}{': only {layer}, {python} and {architecture} are filled in",
            "",
        ),
        (
            f"{TOP}{ONE}name: 'my {{layer}}'\n",
            "4:7: layer a: AWS refuses the layer name 'my a': it takes 1 to 140 letters, digits,"
            " - and _",
            "",
        ),
        (
            f"{TOP}layers: {{a: {{packages: [x], name: {'n' * 141}}}}}\n",
            f"3:35: layer a: AWS refuses the layer name '{'n' * 141}': it takes 1 to 140 letters,"
            " digits, - and _",
            "",
        ),
        (
            f"{TOP}layers:\n  a: {{packages: [x]}}\n  b: {{packages: [y], name: a}}\n",
            "5:3: layer b: has the name 'a' on AWS, and so has layer a",
            "give one of them a name: of its own, or put {layer} into the name",
        ),
        (
            f"{TOP}{ONE}limits: {{unzipped: 251 MiB}}\n",
            "4:20: layer a: limits.unzipped 251.0 MiB is looser than AWS's 250 MiB",
            "",
        ),
        (
            f"{TOP}layers: {{a: {{include: ../x}}}}\n",
            "3:23: layer a: ../x leads out of the workspace",
            "",
        ),
        (
            f"{TOP}layers: {{a: {{packages: [x], include: [b, /etc/passwd]}}}}\n",
            "3:42: layer a: '/etc/passwd' is absolute, and other machines have other folders",
            "write it relative to the file that names it",
        ),
        (
            f"{TOP}layers: {{a: {{include: [{{from: b, to: python/../../x}}]}}}}\n",
            "3:24: layer a: to: 'python/../../x' leaves the layer",
            "write a path below /opt, without a leading /, such as python/app/",
        ),
        (
            f"{TOP}layers: {{a: {{requirements: a/../../r.txt}}}}\n",
            "3:28: layer a: ../r.txt leads out of the workspace",
            "",
        ),
        (
            f"{TOP}layers: {{a: {{requirements: ~/r.txt}}}}\n",
            "3:28: layer a: '~/r.txt' is in a home folder, and other machines have other ones",
            "./~/r.txt is a folder of that name",
        ),
        (
            f"{TOP}layers: {{a: {{requirements: '..\\r.txt'}}}}\n",
            r"3:28: layer a: '..\\r.txt' has a backslash",
            "write ../r.txt",
        ),
        (
            f"{TOP}{MANY}functions: {{f: {{layers: [l0, l1, l2, l3, l4, l5]}}}}\n",
            "4:25: function f has 6 layers; AWS attaches 5 at most",
            "",
        ),
        (
            f"{TOP}{MANY}functions: {{f: {{layers: [l0, l11]}}}}\n",
            "4:30: function f: there is no layer 'l11'",
            "did you mean 'l1'?",
        ),
        (
            f"{TOP}{ONE}functions: {{f: {{layers: [a, a]}}}}\n",
            "4:29: function f: layer 'a' is here twice",
            "",
        ),
        (
            f"version: 1\nname: '{{layer}}-{{python}}'\npython: ['3.12', '3.13']\n{ONE}"
            "functions: {f: {layers: [a]}}\n",
            "5:13: function f: its layers are built for 3.12-x86_64, 3.13-x86_64",
            "say which one it runs on with python: and architecture:",
        ),
        (
            f"{TOP}layers: {{a: {{packages: [x]}}, b: {{packages: [y], architecture: arm64}}}}\n"
            "functions: {f: {layers: [a, b]}}\n",
            "4:13: function f: no Python and architecture in common:"
            " a for 3.12-x86_64; b for 3.12-arm64",
            "",
        ),
        (
            f"{TOP}layers: {{a: {{packages: [x], requires: [b]}}}}\n",
            "3:40: layer a: requires: there is no layer 'b'",
            "known here: a",
        ),
        (
            f"{TOP}layers:\n  a: {{packages: [x]}}\n  b: {{packages: [y], requires: [a]}}\n"
            "functions: {f: {layers: [b, a]}}\n",
            "6:26: function f: layer 'b' requires 'a' before it",
            "name a earlier in the list: what it holds is not in b",
        ),
    ],
)
def test_it_is_refused_with_place_and_advice(
    said: Callable[[str], list[str]], text: str, message: str, advice: str
) -> None:
    assert said(text) == [f"layers.yml:{message}" + (f"\n  → {advice}" if advice else "")]


def test_layers_that_require_each_other_are_refused_at_both_ends(
    said: Callable[[str], list[str]],
) -> None:
    text = (
        f"{TOP}layers:\n  a: {{packages: [x], requires: b}}\n  b: {{packages: [y], requires: a}}\n"
    )
    assert said(text) == [
        "layers.yml:4:32: layer a: requires b, which requires it in turn",
        "layers.yml:5:32: layer b: requires a, which requires it in turn",
    ]
