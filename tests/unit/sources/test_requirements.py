import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer_builder.errors import Place, Problem
from layer_builder.model.layer import Reference
from layer_builder.model.target import Architecture, Python, Target
from layer_builder.sources.requirements import Requirements, merge_requirements
from layer_builder.sources.requirements_files import RequirementsSource, collect_requirements

TARGET = Target(python=Python.PY312, architecture=Architecture.X86_64)
MANIFEST = Place(file="layers.yml", line=5, column=20)
DIGEST = f"sha256:{'0' * 64}"
OTHER = f"sha256:{'1' * 64}"
SECRETS = "\n  → name the index with its login in UV_INDEX or UV_DEFAULT_INDEX"


def of(text: str, *packages: str, **others: str) -> tuple[Requirements, list[str]]:
    """Collect `r.txt` with this text; `others` are by name, `__` for a slash and no `.txt`."""
    files = {"r.txt": text} | {f"{n.replace('__', '/')}.txt": t for n, t in others.items()}

    def read(path: str) -> str | Problem:
        return files.get(path, Problem(message=f"there is no file {path}", advice=("look",)))

    found, problems = collect_requirements(
        [Reference(text="r.txt", place=MANIFEST)] if text else [],
        [Reference(text=package, place=MANIFEST) for package in packages],
        RequirementsSource(read=read, folder="app", origins=frozenset({"https://own.example:443"})),
        TARGET,
    )
    return found, ["\n".join(problem.lines()) for problem in problems]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("boto3\nPandas >= 2 , <3\n", ("boto3", "Pandas<3,>=2")),
        ("boto3 # the SDK\n\n  # nothing\n", ("boto3",)),
        ("boto3\r\npandas\r\n", ("boto3", "pandas")),
        ("uvicorn[standard]==0.30\n", ("uvicorn[standard]==0.30",)),
        ("a; python_version<'3.12'\n", ('a; python_version < "3.12"',)),
        ("boto3 \\\n  >=1.38 \\\n  ,<2\n", ("boto3<2,>=1.38",)),
        ("boto3 \\\n", ("boto3",)),
        (f"a==1 --hash={DIGEST}\n", (f"a==1 --hash={DIGEST}",)),
        (f"a==1 \\\n    --hash={DIGEST} \\\n    --hash={DIGEST[:-1]}1  # both\n",
         (f"a==1 --hash={DIGEST} --hash={DIGEST[:-1]}1",)),
        (f"a==1 ; os_name == 'posix' --hash={DIGEST}\n", (f'a==1; os_name == "posix" --hash={DIGEST}',)),
        ("a\nb\na\n", ("a", "b")),
        ("--require-hashes\n--only-binary :all:\na\n", ("a",)),
    ],
)  # fmt: skip
def test_a_file_is_read_as_pip_reads_it(text: str, lines: tuple[str, ...]) -> None:
    found, problems = of(text)
    assert (found.lines, problems) == (lines, [])


def test_files_follow_each_other_from_the_folder_they_are_in() -> None:
    found, problems = of("-r sub/more.txt\na", sub__more="--requirement ../last.txt\nb", last="c")
    assert (found.lines, problems) == (("c", "b", "a"), [])


def test_names_are_normalised_and_those_of_constraints_are_not_asked_for() -> None:
    found, _ = of(
        "Ruamel.YAML\n-c limits.txt\n", "typing_extensions", limits="six<2\n-r old.txt\n", old="b<1"
    )
    assert found.names == {"ruamel-yaml", "typing-extensions"}
    assert found.lines == ("Ruamel.YAML", "typing_extensions")
    assert found.constraints == ("six<2", "b<1")


def test_index_options_are_kept_in_their_order() -> None:
    found, problems = of(
        "-i https://index.example/simple\n--extra-index-url=https://u:${PASSWORD}@own.example\n"
        "--find-links https://wheels.example/\n--no-index\na\n"
    )
    assert problems == []
    assert found.text == (
        "--index-url https://index.example/simple\n"
        "--extra-index-url https://u:${PASSWORD}@own.example\n"
        "--find-links https://wheels.example/\n--no-index\na\n"
    )


def test_what_several_layers_ask_for_is_joined() -> None:
    one, _ = of(f"a==1 --hash={DIGEST}\n-c c.txt\n", c="z<9")
    two, _ = of(f"-i https://index.example/\nb\na==1 --hash={OTHER}\n")
    assert merge_requirements([one, two]) == Requirements(
        lines=(f"a==1 --hash={DIGEST}", "b", f"a==1 --hash={OTHER}"),
        names=frozenset({"a", "b"}),
        hashes={"a": frozenset({DIGEST, OTHER})},
        constraints=("z<9",),
        options=("--index-url https://index.example/",),
    )
    assert merge_requirements([]) == Requirements()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("pandas=2", "'pandas=2' is not a requirement: Expected semicolon (after name with no"
         " version specifier) or end"),
        ("a b", "'a b' is not a requirement: Expected semicolon (after name with no version"
         " specifier) or end"),
        ("é", "'é' is not a requirement: Expected package name at the start of dependency specifier"),
        ("git+https://x.example/a", "'git+https://x.example/a' comes from no index"),
        ("a @ https://x.example/a.zip", "'a @ https://x.example/a.zip' comes from no index"),
        ("https://x.example/a-1-py3-none-any.whl", "'https://x.example/a-1-py3-none-any.whl' comes from no index"),
        ("./libs/own", "'./libs/own' comes from no index"),
        ("../own", "'../own' comes from no index"),
        ("file:///own", "'file:///own' comes from no index"),
        ("own-1.tar.gz", "'own-1.tar.gz' comes from no index"),
        ("-e .", "'.' comes from no index"),
        (r"C:\own", "'C:\\\\own' comes from no index"),
        ("-r ../outside.txt", "'-r ../outside.txt' leaves the manifest's directory"),
        ("-c ../outside.txt", "'-c ../outside.txt' leaves the manifest's directory"),
        ("-r /etc/passwd", "'-r /etc/passwd' leaves the manifest's directory"),
        ("-r ~/r.txt", "'-r ~/r.txt' leaves the manifest's directory"),
        ("-r a\0b", r"the line has the control character '\x00'"),
        ("a\x0bb", r"the line has the control character '\x0b'"),
        ("a\x85b", r"the line has the control character '\x85'"),
        ("a\u2028b", r"the line has the control character '\u2028'"),
        ("a" + " " * 65_536 + "b", "a line of 65,538 characters: more than 65,536 are read by nobody"),
        ("a; platform_version == '${SECRET}'", "\"a; platform_version == '${SECRET}'\": uv would put"
         " a variable's value into this"),
        ("a; " + "(" * 20_000, f"'a; {'(' * 77}…' is not a requirement: maximum recursion depth"
         " exceeded"),
        ("a --hash=md5:00", "--hash 'md5:00' is not sha256, sha384 or sha512 in hexadecimal"),
        ("a --hash=sha256:0", "--hash 'sha256:0' is not sha256, sha384 or sha512 in hexadecimal"),
        ("-i https://a.example/ --no-binary :all:", "--index-url has an address with characters that"
         " addresses do not have"),
        (r"-i https://own.example\@evil.example/", "--index-url has an address with characters that"
         " addresses do not have"),
        ("--no-index --no-binary :all:", "--no-index takes no value"),
        ("-i https://evil.example/${UV_INDEX_OWN_PASSWORD}/", "--index-url has a variable outside of"
         f" https://${{USER}}:${{PASSWORD}}@host/{SECRETS}"),
        ("-i https://${UV_DEFAULT_INDEX}/", "--index-url has a variable outside of"
         f" https://${{USER}}:${{PASSWORD}}@host/{SECRETS}"),
        ("-i ${UV_DEFAULT_INDEX}", "--index-url takes an https:// address here, not"
         f" '${{UV_DEFAULT_INDEX}}'{SECRETS}"),
        ("-i https://u:${PASSWORD}@evil.example/", "--index-url would send a variable to"
         f" https://evil.example:443, which no variable of the environment names{SECRETS}"),
        ("-i http://u:${PASSWORD}@own.example/", "--index-url would send a variable to"
         f" http://own.example:80, which no variable of the environment names{SECRETS}"),
        ("-i https://u:${PASSWORD}@own.example:444/", "--index-url would send a variable to"
         f" https://own.example:444, which no variable of the environment names{SECRETS}"),
        ("-r gone.txt", "there is no file gone.txt\n  → look"),
        ("-r r.txt", "requirements files include each other: r.txt → r.txt"),
        ("--no-binary lxml", "'--no-binary lxml': say build: [lxml] in the manifest instead"),
        ("--pre", "--pre: name the pre-release instead, such as `package>=2.0rc1`"),
        ("-i ftp://x.example", "--index-url takes an https:// address here, not 'ftp://x.example'"),
        ("-f ./wheels", "--find-links takes an https:// address here, not './wheels'"),
        ("--target x", "the option '--target' has no meaning for a layer"),
        ("-", "the option '-' has no meaning for a layer"),
    ],
)  # fmt: skip
def test_what_cannot_go_into_a_layer_is_told_at_its_line(line: str, message: str) -> None:
    found, problems = of(f"first\n\n{line}\nlast")
    assert found.lines == ("first", "last")
    assert problems == [f"app/r.txt:3:1: {message}"]


def test_a_mistake_after_a_continued_line_has_the_number_of_its_own_line() -> None:
    _, problems = of("a \\\n  >=1\nb=1 \\\n # end\n")
    assert [problem.partition(": ")[0] for problem in problems] == ["app/r.txt:3:1"]


def test_blanks_without_end_take_no_time() -> None:
    # 60,000 of them took 66 seconds.
    _, problems = of("a" + " " * 60_000 + "b\n")
    (problem,) = problems
    assert problem.startswith(f"app/r.txt:1:1: 'a{' ' * 79}…' is not a requirement: ")


def test_files_that_name_others_twice_each_are_read_once() -> None:
    others = {f"f{n}": f"-r f{n + 1}.txt\n-r f{n + 1}.txt\np{n}\n" for n in range(40)}
    found, problems = of("-r f0.txt", **others, f40="last")
    assert (problems, found.lines[0], len(found.lines)) == ([], "last", 41)


def test_files_in_files_without_end_are_refused() -> None:
    others = {f"f{n}": f"-r f{n + 1}.txt\n" for n in range(900)}
    _, problems = of("-r f0.txt", **others)
    assert problems == ["app/f48.txt:1:1: over 50 requirements files, each in another"]


def test_a_circle_of_files_is_shown_whole() -> None:
    _, problems = of("-r one.txt", one="-r sub/two.txt", sub__two="-r ../one.txt")
    assert problems == [
        "app/sub/two.txt:1:1: requirements files include each other:"
        " one.txt → sub/two.txt → one.txt"
    ]


def test_a_missing_file_and_an_empty_one_are_told_at_the_manifest() -> None:
    gone = Reference(text="gone.txt", place=MANIFEST)
    _, (problem,) = collect_requirements(
        [gone],
        [],
        RequirementsSource(read=lambda path: Problem(message=f"there is no file {path}")),
        TARGET,
    )
    assert problem.lines() == ["layers.yml:5:20: there is no file gone.txt"]
    assert of("# later\n-c c.txt", c="a<1")[1] == ["layers.yml:5:20: r.txt asks for nothing"]


def test_a_package_of_the_manifest_is_told_at_its_place_there() -> None:
    found, problems = of("", "pandas>=2", "./own")
    assert found.lines == ("pandas>=2",)
    assert problems == ["layers.yml:5:20: './own' comes from no index"]


@given(
    st.one_of(
        st.text(st.characters(codec=None), max_size=80),
        st.text("abAB.-_=<>!~[];,@#\\ \n\t\r/:${}*rce'\"0123\0é", max_size=80),
    )
)
def test_no_text_makes_it_raise(text: str) -> None:
    found, problems = of(text, text, c="x<1")
    assert found.lines or problems or not text
