"""Requirements as people write them: read as pip reads them, or refused with what to write."""

import codecs
import hashlib
import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest
from packaging.requirements import Requirement
from pip._internal.network.session import PipSession
from pip._internal.req.req_file import parse_requirements

from layer_builder.errors import Place, Problem
from layer_builder.model import Architecture, Python, Reference, Target
from layer_builder.sources import RequirementsSource, collect_requirements

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
TARGET = Target(python=Python(PYTHON), architecture=Architecture.X86_64)
SHA = f"sha256:{'0' * 64}"


def ask(workspace: Path, more: str = "", *, top: str = "", **files: str | bytes) -> None:
    """Write a manifest whose layer has requirements.txt, and files by name (`__` for a slash)."""
    (workspace / "layers.yml").write_text(
        f'version: 1\npython: "{PYTHON}"\n{top}layers:\n  a:\n    requirements: requirements.txt\n{more}'
    )
    for name, text in files.items():
        path = workspace / f"{name.replace('__', '/')}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)


def held(workspace: Path) -> set[str]:
    with zipfile.ZipFile(workspace / "dist/layers/a.zip") as archive:
        return {name for name in archive.namelist() if name.endswith(".py")}


def content(workspace: Path) -> str:
    return str(json.loads((workspace / "dist/layers/a.layer.json").read_text())["content"])


def test_all_that_people_write_is_read(run: Run, workspace: Path, add_wheel: Add) -> None:
    for name in "abcdefgh":
        add_wheel(name, "1.0", {f"{name}.py": ""})
        add_wheel(name, "2.0", {f"{name}.py": "", f"{name}_is_2.py": ""})
    add_wheel(
        "with-extra", "1.0", {"plain.py": ""}, requires=["h==1.0; extra == 'more'"], extras=["more"]
    )
    windows = "# of a shell on Windows\r\nc==1.0\r\n-c limits.txt\r\nd\r\n"
    ask(
        workspace,
        requirements="-r shared/windows.txt --requirement=shared/marked.txt\n"
        "a \\\n    == 1.0  # of the index\n"
        "With_Extra[more] >= 1 , < 2\n"
        "e==1.0 ; sys_platform == 'win32' or python_version < '3.0'\n"
        f"f==1.0 ; sys_platform == 'linux' and python_version >= '{PYTHON}'\n",
        shared__windows=codecs.BOM_UTF16_LE + windows.encode("utf-16-le"),
        shared__marked=codecs.BOM_UTF8 + b"g\\\n==1.0\n",
        shared__limits="d<2\nb<2\n",
    )
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert held(workspace) == {
        f"python/{name}.py" for name in ("a", "c", "d", "f", "g", "h", "plain")
    }
    assert (
        done.stderr.count("notice: shared/windows.txt is text in UTF-16, and read as such\n") == 1
    )
    assert (
        done.stderr.count(
            "notice: shared/marked.txt begins with a byte order mark, which is left out\n"
        )
        == 1
    )


@pytest.mark.parametrize("option", ["", "--require-hashes\n"])
def test_hashes_are_those_of_all_or_none(
    run: Run, workspace: Path, add_wheel: Add, option: str
) -> None:
    digests = {
        name: hashlib.sha256(add_wheel(name, "1.0", {f"{name}.py": ""}).read_bytes()).hexdigest()
        for name in ("a", "b")
    }
    whole = "".join(f"{n}==1.0 \\\n  --hash=sha256:{d}  # its wheel\n" for n, d in digests.items())
    ask(workspace, requirements=option + whole)
    assert run("build").returncode == 0
    assert held(workspace) == {"python/a.py", "python/b.py"}
    ask(workspace, requirements=f"{option}a==1.0\nb==1.0 --hash=sha256:{digests['b']}\n")
    done = run("build")
    assert done.returncode == (2 if option else 3)
    assert "a==1.0" in done.stderr
    assert "uv pip compile --generate-hashes" in done.stderr


def test_the_same_text_in_any_encoding_is_the_same_layer(
    run: Run, workspace: Path, add_wheel: Add
) -> None:
    add_wheel("a", "1.0", {"a.py": ""})
    found = set()
    for text in (
        b"a==1.0  # caf\xc3\xa9\n",
        codecs.BOM_UTF8 + b"a==1.0\r\n",
        codecs.BOM_UTF16_LE + "a == 1.0".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "# é\na \\\n==1.0\n".encode("utf-16-be"),
        codecs.BOM_UTF32_LE + "a==1.0\n\n".encode("utf-32-le"),
    ):
        ask(workspace, requirements=text)
        done = run("build")
        assert done.returncode == 0, done.stderr
        found.add(content(workspace))
    assert len(found) == 1


@pytest.mark.parametrize(
    ("line", "said", "advice"),
    [
        ("requests=2.3", "'requests=2.3' is not a requirement", "did you mean 'requests==2.3'?"),
        ("--pre", "'--pre': pre-releases are not taken unseen", "name the pre-release instead"),
        ("--no-binary x", "'--no-binary x': a layer takes wheels", "list the distribution in the manifest: build: [x]"),
        ("--trusted-host x", "certificates are always checked", "leave it out, and set SSL_CERT_FILE"),
        ("--find-links ./wheels", "takes an https:// address here", "serve the wheels from an index"),
        ("--extra-index-url https://${TOKEN}.x/", "has a variable outside", "name the index with its login in UV_INDEX"),
        ("-i index.example", "--index-url takes an https:// address", "write https://host/simple"),
        ("a==${SECRET_VERSION}", "takes a value from the environment", "write the value, or list it: variables: [SECRET_VERSION]"),
        ("-r ${SECRET_VERSION}.txt", "takes a value from the environment", "write the value"),
        ("${SECRET_VERSION}==1", "takes a name from the environment", "write the name"),
        ("-c https://x.example/c.txt", "is a URL", "download it into the workspace"),
        ("a --hash=md5:0", "is not sha256", "`pip hash FILE`"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_line_and_what_to_write(
    run: Run, workspace: Path, line: str, said: str, advice: str
) -> None:
    ask(workspace, requirements="# first\n-r more/base.txt\n", more__base=f"six\n\n{line}\n")
    done = run("plan", env={"SECRET_VERSION": "hunter2.0"})
    assert done.returncode == 2, done.stderr
    at = done.stderr.index("error: more/base.txt:3:1: layer a: ")
    assert said in done.stderr[at:].splitlines()[0]
    assert f"  → {advice}" in done.stderr[at:]
    assert "hunter2" not in done.stdout + done.stderr


def test_what_is_in_no_known_encoding_is_refused(run: Run, workspace: Path) -> None:
    for text, why in (
        (b"six\ncaf\xe9\n", "is not text in UTF-8: line 2 has the byte 0xe9"),
        (
            "six\n".encode("utf-16-le"),
            "is not text in UTF-8: it looks like UTF-16 without a byte order mark",
        ),
        (codecs.BOM_UTF16_LE + b"s\0i", "is not text in UTF-16: truncated data"),
    ):
        ask(workspace, requirements=text)
        done = run("plan")
        assert done.returncode == 2
        assert f"error: layers.yml:5:19: layer a: requirements.txt {why}\n" in done.stderr


def test_a_layer_of_which_nothing_is_for_its_target_is_told(run: Run, workspace: Path) -> None:
    ask(workspace, requirements="pywin32; sys_platform == 'win32'\n")
    done = run("build")
    assert done.returncode in {2, 3, 5}, done.stderr
    assert "empty layer" in done.stderr


def test_a_listed_variable_is_filled_in_told_and_part_of_the_key(
    run: Run, workspace: Path, add_wheel: Add
) -> None:
    for version in ("1.0", "2.0"):
        add_wheel("a", version, {"a.py": f"V = '{version}'\n"})
    ask(workspace, "    variables: [A_VERSION, A_FOLDER]\n", requirements="-r ${A_FOLDER}/base.txt\n",
        one__base="a==${A_VERSION}\n")  # fmt: skip
    found = []
    for version in ("1.0", "2.0", "1.0"):
        done = run("build", env={"A_VERSION": version, "A_FOLDER": "one", "B": version})
        assert done.returncode == 0, done.stderr
        assert (
            f"notice: one/base.txt:1:1: A_VERSION is {version}, by variables: of the manifest\n"
            in done.stderr
        )
        found.append(content(workspace))
    assert (found[0] == found[2], found[0] != found[1]) == (True, True)
    ask(workspace, requirements="a==1.0\n")
    assert run("build", env={"A_VERSION": "2.0"}).returncode == 0
    assert content(workspace) == found[0]
    ask(workspace, top="variables: A_VERSION\n", requirements="a==${A_VERSION}\n")
    assert run("build", env={"A_VERSION": "2.0"}).returncode == 0
    assert content(workspace) == found[1]
    done = run("build")
    assert done.returncode == 2
    assert "the variable A_VERSION is not set\n  → set A_VERSION for this run\n" in done.stderr


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("AWS_SECRET_ACCESS_KEY", "its name is that of a secret"),
        ("UV_INDEX_OWN_PASSWORD", "its name is that of a secret"),
        ("GITHUB_TOKEN", "its name is that of a secret"),
        ("lower", "a variable has a name such as PANDAS_VERSION"),
    ],
)
def test_no_secret_is_listed(run: Run, workspace: Path, name: str, why: str) -> None:
    ask(workspace, f"    variables: [{name}]\n", requirements=f"a==${{{name}}}\n")
    done = run("plan", env={name: "hunter2"})
    assert done.returncode == 2
    assert f"error: layers.yml:6:17: layer a: variables, entry 1: '{name}': {why}" in done.stderr
    assert "hunter2" not in done.stderr


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # pip's own
@pytest.mark.parametrize(
    "text",
    [
        "a\nb>=1,<2\n  c[x,y] == 1.0  \n",
        "a # comment\n#b\n  # c\n\nd #e\n",
        "a==1 \\\n    ;python_version>'3'\\\n\nb\n",
        "a \\\n  >= 1 \\\n# in between\nb\n",
        "bo\\\nto3\n",
        "a\r\nb\\\r\n==1\r\nc\r",
        f"a==1 --hash={SHA} \\\n  --hash {SHA[:-1]}1\n",
        f"a==1 --hash='{SHA}'\n",
        "-r more.txt\n-rmore.txt\n--requirement more.txt\n--requirement=more.txt\nz\n",
        "-r 'with blank.txt'\n-c more.txt\nz\n",
        "-c sub/limits.txt\nz\n",
        "-i https://x.example/simple --extra-index-url=https://y.example/s --no-index\na\n",
        "--prefer-binary --only-binary :all:\na\n-fhttps://x.example/\n",
        "a; extra == 'x' or os_name == 'posix'\nA_b.C\n",
    ],
)
def test_it_is_read_as_pip_reads_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "sub").mkdir()
    for name, content in {
        "r.txt": text,
        "more.txt": "more\n",
        "with blank.txt": "-r sub/nested.txt\n",
        "sub/nested.txt": "-c limits.txt\nnested\n",
        "sub/limits.txt": "limited<2\n",
    }.items():
        (tmp_path / name).write_bytes(content.encode())
    of_pip = read_by_pip(tmp_path / "r.txt")
    place = Place(file="layers.yml")
    ours, problems = collect_requirements(
        [Reference(text="r.txt", place=place)],
        [],
        RequirementsSource(read=lambda path: (tmp_path / path).read_bytes().decode()),
        TARGET,
    )
    assert problems == ()
    lines = [(False, *split(line)) for line in ours.lines]
    constraints = [(True, *split(line)) for line in ours.constraints]
    assert sorted({*lines, *constraints}) == sorted(set(of_pip))


def read_by_pip(path: Path) -> list[tuple[bool, str, tuple[str, ...]]]:
    """Give what pip's own parser finds: whether it only constrains, the requirement, its hashes."""
    return [
        (entry.constraint, str(Requirement(entry.requirement)), digests(entry.options or {}))
        for entry in parse_requirements(str(path), session=PipSession())
    ]


def digests(options: dict[str, dict[str, list[str]]]) -> tuple[str, ...]:
    return tuple(
        f"{kind}:{one}" for kind, given in options.get("hashes", {}).items() for one in given
    )


def split(line: str) -> tuple[str, tuple[str, ...]]:
    requirement, *hashes = line.split(" --hash=")
    return requirement, tuple(hashes)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # pip's own
@pytest.mark.parametrize(
    "text",
    ["a=1\n", "a b\n", "--frob\n", "-r\n", "a; python_version<3\n", "a==1 --frob=x\n", "-r 'x\n"],
)
def test_what_pip_refuses_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "r.txt").write_text(text)
    with pytest.raises((Exception, SystemExit)):
        read_by_pip(tmp_path / "r.txt")
    source = RequirementsSource(
        read=lambda path: text if path == "r.txt" else Problem(message="gone")
    )
    _, problems = collect_requirements(
        [Reference(text="r.txt", place=Place(file="layers.yml"))], [], source, TARGET
    )
    assert problems
    assert all(problem.advice for problem in problems)
