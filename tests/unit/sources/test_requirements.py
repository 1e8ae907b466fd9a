import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer_builder.errors import Place, Problem
from layer_builder.model.layer import Reference
from layer_builder.model.target import Architecture, Python, Target
from layer_builder.sources.near_misses import meant
from layer_builder.sources.requirements import Requirements, RequirementsSource, merge_requirements
from layer_builder.sources.requirements_files import collect_requirements

TARGET = Target(python=Python.PY312, architecture=Architecture.X86_64)
MANIFEST = Place(file="layers.yml", line=5, column=20)
DIGEST = f"sha256:{'0' * 64}"
OTHER = f"sha256:{'1' * 64}"
SECRETS = "\n  → name the index with its login in UV_INDEX or UV_DEFAULT_INDEX"
INDEXES = "\n  → write https://host/simple, or name the index in UV_INDEX for the run"
DIGESTS = "\n  → `pip hash FILE` gives the sha256"
EXAMPLE = "\n  → a requirement is a name and versions, such as name>=1.2,<2"


def of(text: str, *packages: str, **others: str) -> tuple[Requirements, list[str]]:
    """Collect `r.txt` with this text; `others` are by name, `__` for a slash and no `.txt`."""
    files = {"r.txt": text} | {f"{n.replace('__', '/')}.txt": t for n, t in others.items()}

    def read(path: str) -> str | Problem:
        return files.get(path, Problem(message=f"there is no file {path}", advice=("look",)))

    found, problems = collect_requirements(
        [Reference(text="r.txt", place=MANIFEST)] if text else [],
        [Reference(text=package, place=MANIFEST) for package in packages],
        RequirementsSource(
            read=read,
            folder="app",
            origins=frozenset({"https://own.example:443"}),
            variables={"GOOD": "1.2", "UNSET": None, "ODD": "1 --hash=x"},
        ),
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
        ("--prefer-binary --only-binary :all:\na\n", ("a",)),
        (f"--require-hashes\na==1 --hash='{DIGEST}'\n", (f"a==1 --hash={DIGEST}",)),
        ("bo\\\nto3==\\\n1.0\n", ("boto3==1.0",)),
        ("boto3 \\\n# why\npandas\n", ("boto3", "pandas")),
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
         " version specifier) or end\n  → did you mean 'pandas==2'?"),
        ("a b", "'a b' is not a requirement: Expected semicolon (after name with no version"
         f" specifier) or end{EXAMPLE}"),
        ("é", "'é' is not a requirement: Expected package name at the start of dependency specifier"
         f"{EXAMPLE}"),
        ("git+https://x.example/a", "'git+https://x.example/a' comes from no index"),
        ("a @ https://x.example/a.zip", "'a @ https://x.example/a.zip' comes from no index"),
        ("https://x.example/a-1-py3-none-any.whl", "'https://x.example/a-1-py3-none-any.whl' comes from no index"),
        ("./libs/own", "'./libs/own' comes from no index"),
        ("../own", "'../own' comes from no index"),
        ("file:///own", "'file:///own' comes from no index"),
        ("own-1.tar.gz", "'own-1.tar.gz' comes from no index"),
        ("-e .", "'.' comes from no index"),
        (r"C:\own", "'C:\\\\own' comes from no index"),
        ("-r ../outside.txt", "there is no file ../outside.txt\n  → look"),
        ("-c a/../../outside.txt", "there is no file ../outside.txt\n  → look"),
        ("-r /etc/passwd", "'-r /etc/passwd' is absolute, and other machines have other folders\n"
         "  → write it relative to the file that names it"),
        ("-r ~/r.txt", "'-r ~/r.txt' is in a home folder, and other machines have other ones\n"
         "  → ./~/r.txt is a folder of that name"),
        (r"-r ..\base.txt", "'-r ..\\\\base.txt' has a backslash\n  → write ../base.txt"),
        ("-r", "'-r ' names nothing\n  → write a path"),
        ("-r 'gone.txt", "\"-r 'gone.txt\" has a quotation mark without another\n  → end it, or leave it out"),
        ("-rgone.txt", "there is no file gone.txt\n  → look"),
        ("-r 'the gone.txt'", "there is no file the gone.txt\n  → look"),
        ("-c https://x.example/limits.txt", "'-c https://x.example/limits.txt' is a URL, where another"
         " text may be tomorrow\n  → download it into the workspace, and name that file"),
        ("-r ${HOME}/r.txt", "'${HOME}/r.txt' takes a value from the environment\n  → write the value, or"
         " list it: variables: [HOME]"),
        ("a==${VERSION}", "'a==${VERSION}' takes a value from the environment\n  → write the value, or"
         " list it: variables: [VERSION]"),
        ("a==${lower}", "'a==${lower}' has a $\n  → write what stands for it"),
        ("a==${OPEN", "'a==${OPEN' has a $\n  → write what stands for it"),
        ("a==${UNSET}", "the variable UNSET is not set\n  → set UNSET for this run"),
        ("a==${ODD}", "the value of ODD is no version, and no name of a file or folder\n  → letters,"
         " digits and . _ + ! * / - can be filled in"),
        ("own-${GOOD}==1", "'own-${GOOD}==1' takes a name from the environment\n  → write the name: the"
         " index would be told the variable's value"),
        ("a==1 --global-option=x", "'a==1 --global-option=x' has the option --global-option, which means"
         " nothing here\n  → leave it out: of pip's options, --hash may stand behind a requirement"),
        ("--trusted-host x.example", "'--trusted-host x.example': certificates are always checked\n"
         "  → leave it out, and set SSL_CERT_FILE to a file with the certificate of your own authority"),
        ("--extra-index x", "the option '--extra-index' has no meaning for a layer\n  → did you mean"
         " '--extra-index-url'?"),
        ("-r a\0b", r"the line has the control character '\x00'"),
        ("a\x0bb", r"the line has the control character '\x0b'"),
        ("a\x85b", r"the line has the control character '\x85'"),
        ("a\u2028b", r"the line has the control character '\u2028'"),
        ("a" + " " * 65_536 + "b", "a line of 65,538 characters: more than 65,536 are read by nobody"),
        ("a; platform_version == '${SECRET}'", "\"a; platform_version == '${SECRET}'\" takes a value from"
         " the environment\n  → write the value, or list it: variables: [SECRET]"),
        ("a; " + "(" * 20_000, f"'a; {'(' * 77}…' is not a requirement: maximum recursion depth"
         f" exceeded{EXAMPLE}"),
        ("a --hash=md5:00", f"--hash 'md5:00' is not sha256, sha384 or sha512 in hexadecimal{DIGESTS}"),
        ("a --hash=sha256:0", f"--hash 'sha256:0' is not sha256, sha384 or sha512 in hexadecimal{DIGESTS}"),
        ("--prefer-binary --no-binary :all:", "'--no-binary :all:': a layer takes wheels\n  → list the"
         " distribution in the manifest: build: [:all:]"),
        (r"-i https://own.example\@evil.example/", "--index-url has an address with characters that"
         f" addresses do not have{INDEXES}"),
        ("--no-index=x", f"--no-index takes no value{INDEXES}"),
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
        ("--no-binary lxml", "'--no-binary lxml': a layer takes wheels\n  → list the distribution in the"
         " manifest: build: [lxml]"),
        ("--pre", "'--pre': pre-releases are not taken unseen\n  → name the pre-release instead, such as"
         " package>=2.0rc1"),
        ("-i ftp://x.example", "--index-url takes an https:// address here, not 'ftp://x.example'"
         f"{INDEXES}"),
        ("-f ./wheels", "--find-links takes an https:// address here, not './wheels'\n  → serve the wheels"
         " from an index, or name their folder in UV_FIND_LINKS"),
        ("--target x", "the option '--target' has no meaning for a layer\n  → leave it out"),
        ("-", "the option '-' has no meaning for a layer\n  → leave it out"),
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
    assert of("# later\n-c c.txt", c="a<1")[1] == [
        "layers.yml:5:20: r.txt asks for nothing\n  → name a distribution in it"
    ]


def test_a_package_of_the_manifest_is_told_at_its_place_there() -> None:
    found, problems = of("", "pandas>=2", "./own")
    assert found.lines == ("pandas>=2",)
    assert problems == ["layers.yml:5:20: './own' comes from no index"]


@given(st.text("ab1.*!^~=<> ;\"'[],@:p_", max_size=20))
def test_no_guess_raises(line: str) -> None:
    assert meant(f"a{line}")
    assert meant(f"a ^1{line}")


def test_hashes_may_be_required_of_every_line() -> None:
    text = f"-r more.txt\na==1 --hash={DIGEST}\nb==2\n"
    found, problems = of(text, more="--require-hashes\n")
    assert found.lines == (f"a==1 --hash={DIGEST}", "b==2")
    assert problems == [
        "app/r.txt:3:1: 'b==2' has no --hash, and app/more.txt:1:1 requires them\n"
        "  → `uv pip compile --generate-hashes` writes them"
    ]


def test_what_was_listed_is_filled_in_and_told() -> None:
    told: list[Problem] = []
    files = {
        "r.txt": "a==${GOOD}\n-r v${GOOD}/more.txt\n",
        "v1.2/more.txt": 'b; python_version >= "${GOOD}"\n',
    }
    found, problems = collect_requirements(
        [Reference(text="r.txt", place=MANIFEST)],
        [Reference(text="c~=${GOOD}", place=MANIFEST)],
        RequirementsSource(
            read=lambda path: files[path], variables={"GOOD": "1.2"}, tell=told.append
        ),
        TARGET,
    )
    assert problems == ()
    assert found.lines == ("a==1.2", 'b; python_version >= "1.2"', "c~=1.2")
    assert ["\n".join(note.lines()) for note in told] == [
        f"{place}: GOOD is 1.2, by variables: of the manifest"
        for place in ("r.txt:1:1", "r.txt:2:1", "v1.2/more.txt:1:1", "layers.yml:5:20")
    ]


def test_paths_are_shown_as_one_reads_them() -> None:
    _, problems = collect_requirements(
        [Reference(text="../../libs/r.txt", place=MANIFEST)],
        [],
        RequirementsSource(read=lambda _: "a=1\n", folder="services/api"),
        TARGET,
    )
    assert [str(problem.place) for problem in problems] == ["libs/r.txt:1:1"]


@pytest.mark.parametrize(
    ("line", "better"),
    [
        ("requests=2.3", "requests==2.3"),
        ("requests[socks]=2.3", "requests[socks]==2.3"),
        ("requests 2.3", "requests==2.3"),
        ("requests@2.3.1", "requests==2.3.1"),
        ("numpy=1.26.4=py312_0", "numpy==1.26.4"),
        ("a => 1, =< 2", "a<=2,>=1"),
        ("a >= 1 < 2", "a<2,>=1"),
        ('Django = "4.2"', "Django==4.2"),
        ('a = "^1.2"', "a<2.0,>=1.2"),
        ("a ~1.2", "a<1.3,>=1.2"),
        ('a = "*"', "a"),
        ('"a>=1",', "a>=1"),
        ("a; python_version<3.9", 'a; python_version < "3.9"'),
        ("a>=1; python<3.9 and sys_platform==linux",
         'a>=1; python_version < "3.9" and sys_platform == "linux"'),
    ],
)  # fmt: skip
def test_what_was_meant_is_offered(line: str, better: str) -> None:
    assert meant(line) == f"did you mean {better!r}?"
    _, problems = of(f"{line}\nlast\n")
    assert [problem.splitlines()[-1] for problem in problems] == [f"  → did you mean {better!r}?"]


@given(
    st.one_of(
        st.text(st.characters(codec=None), max_size=80),
        st.text("abAB.-_=<>!~[];,@#\\ \n\t\r/:${}*rce'\"0123\0é", max_size=80),
    )
)
def test_no_text_makes_it_raise(text: str) -> None:
    found, problems = of(text, text, c="x<1")
    assert found.lines or problems or not text
