"""Whatever is written in the files that others write, there is an answer, and it comes soon.

Each text is a sound one, cut, repeated and crossed with words that mean something there. `make fuzz`
reads 100,000 of each kind (`FUZZ_EXAMPLES`), other ones each time.
"""

import gc
import io
import os
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layer_builder.archive import UnreadableZipError
from layer_builder.archive.remote import unzipped_bytes
from layer_builder.builder.checks import warnings
from layer_builder.errors import LayerBuilderError, Place
from layer_builder.manifest.reader import list_requirements_files, read_manifest
from layer_builder.model.layer import Project, Reference
from layer_builder.model.target import Architecture, Python, Target
from layer_builder.projects import find_project, read_project
from layer_builder.resolve.index_settings import read_index_settings
from layer_builder.resolve.lockfile import Lockfile
from layer_builder.sdk_services import find_services
from layer_builder.sources.requirements import RequirementsSource
from layer_builder.sources.requirements_files import collect_requirements
from layer_builder.tree.distributions import find_distributions
from layer_builder.tree.record import read_record, record_text, rows_with, rows_without
from tests.unit.projects.locks import POETRY, PROJECTS, STANDARD, UV

FEW = 300
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", FEW))
MOST_SECONDS = 1.0
TARGET = Target(python=Python.PY312, architecture=Architecture.X86_64)
PLACE = Place(file="layers.yml", line=1, column=1)
HASH = f"sha256:{'0' * 64}"

fuzzed = settings(
    max_examples=EXAMPLES,
    derandomize=EXAMPLES <= FEW,
    suppress_health_check=[HealthCheck.too_slow],
)

WORDS = [
    " ", "\n", "\r", "\t", "\0", "\\", "\\\n", "'", '"', "`", "#", "%", "&", "*", "**/", "!", "?", ":", ";", ",",
    ".", "..", "../", "/", "~", "@", "$", "${X}", "=", "==", "===", "~=", ">=", "<", "|", "-", "--", "- ", "? ",
    "[", "]", "[[", "{", "}", "(", ")", "<<: ", "&a ", "*a", "!!str ", "null", "true", "0", "1", "-1", "1e9",
    "9" * 5000, "3.12", "a", "A" * 300, "é", "\u2028", "\x85", "\ufeff", "😀", "\\ud800", "1.0", "1.*", "1!2+a",
    "os_name", "python_version > '3'", "extra == 'x'", " and ", " or ", "in ", "not in ", "a[b]", "a @ http://b/c",
    "-r r.txt", "-c c.txt", "-e .", "--hash=", f" --hash={HASH}", "--index-url ", "https://u:p@h:1/", "-i ",
]  # fmt: skip


@st.composite
def spoiled(draw: st.DrawFn, seeds: Sequence[str], words: Sequence[str] = WORDS) -> str:
    """Take a sound text and spoil it in a few places."""
    text = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, 6))):
        at, end = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
        match draw(st.integers(0, 4)):
            case 0:
                text = text[:at] + text[end:]
            case 1:
                text = text[:end] + text[at:]
            case 2:
                times = draw(st.sampled_from([1, 2, 50, 1000]))
                text = text[:at] + draw(st.sampled_from(words)) * times + text[at:]
            case 3:
                text = text[:at] + draw(st.sampled_from(words)) + text[min(at + 1, len(text)) :]
            case _:
                text = text[:at] + draw(st.text(st.characters(codec=None), max_size=6)) + text[at:]
        text = text[:20_000]
    return text


@contextmanager
def in_time() -> Iterator[None]:
    """Fail what takes longer than anybody waits; the garbage of other examples is not its own."""
    gc.disable()
    try:
        began = time.process_time()
        yield
        assert time.process_time() - began < MOST_SECONDS
    finally:
        gc.enable()


def ours(read: Callable[[], object], *expected: type[Exception]) -> None:
    """Read, and take an error of ours, which says something, for an answer."""
    said: Sequence[str] = ("nothing",)
    with in_time():
        try:
            read()
        except LayerBuilderError as error:
            said = ["\n".join(problem.lines()) for problem in error.problems]
        except expected as error:
            said = [str(error)]
    assert said
    assert all(said)


MANIFESTS = [
    """\
version: 1
python: ["3.12", "3.13"]
architecture: x86_64
name: "shop-{layer}"
prune: safe
limits: {zip: 50 MiB, unzipped: 250 MiB, warn-at: 80%}
retain: {versions: 3, days: 1}
permissions: {accounts: ["012345678901"]}
layers:
  code:
    include: [src/, {from: a, to: python/b}]
    exclude: ["**/*.ipynb", "*a*b[!c]"]
  deps:
    requirements: r.txt
    packages: ["pandas>=2"]
    imports: [pandas]
    requires: [code]
    keep: "a/**/b"
    sdk: [s3]
    bytecode: auto
functions:
  api: {function-name: a, layers: [code, deps], reserve: 20 MiB}
""",
    "version: 1\npython: '3.12'\nx: &a {b: [1, *c], <<: *d}\nlayers: {a: {project: {path: .}}}\n",
]


@fuzzed
@given(spoiled(MANIFESTS))
def test_a_manifest(text: str) -> None:
    ours(lambda: read_manifest(text, "layers.yml"))
    ours(lambda: list_requirements_files(text, "layers.yml"))


REQUIREMENTS = [
    f"a==1.0 \\\n    --hash={HASH} \\\n    --hash={HASH}  # two\nb[x,y]>=2,<3; python_version < '3.13'\n",
    "-r more.txt\n-c limits.txt\n--index-url https://u:${P}@own.example/simple\nboto3 # the SDK\n",
    "--extra-index-url https://x.example\n--no-index\n--find-links http://y\npandas ~= 2.0 ; os_name == 'nt'\n",
]


@fuzzed
@given(spoiled(REQUIREMENTS))
def test_a_requirements_file(text: str) -> None:
    def read() -> None:
        source = RequirementsSource(
            read=lambda path: text if path == "r.txt" else "c<1\n",
            origins=frozenset({"https://own.example:443"}),
        )
        asked = [Reference(text="r.txt", place=PLACE)]
        found, problems = collect_requirements(asked, [], source, TARGET)
        if text.lstrip()[:1].isascii() and text.lstrip()[:1].isalpha():
            assert found.lines or problems
        assert all(len("\n".join(problem.lines())) < 10_000 for problem in problems)
        for line in (*found.lines, *found.constraints):
            assert "\n" not in line
            assert not line.startswith("-")

    ours(read)


LOCKS = [
    f'version = 1\n\n[layers."core 3.12-x86_64"]\nasked = [\n  "a>=1",\n]\npins = [\n  "a==1.2 --hash={HASH}",\n'
    f'  "b-c==1!2.0+local --hash={HASH} --hash={HASH}",\n]\nheld-back = [\n  "a 1.2 2.0",\n]\n',
]  # fmt: skip


@fuzzed
@given(spoiled(LOCKS))
def test_a_lock(text: str) -> None:
    def read() -> None:
        lock = Lockfile.parse(text, "layers.lock")
        assert Lockfile.parse(lock.text, "layers.lock") == lock
        for locked in lock.layers.values():
            for pin in locked.resolution.pins:
                assert str(pin).isascii()
                assert "\n" not in str(pin)

    ours(read)


KINDS = [
    *PROJECTS.values(),
    {"uv.lock": UV, "pyproject.toml": STANDARD},
    {"pyproject.toml": POETRY},
]
INDEXES = '[tool.uv]\nindex-url = "https://a"\n[[tool.uv.index]]\nname = "p"\nurl = "https://b"\n'


@st.composite
def spoiled_projects(draw: st.DrawFn) -> dict[str, str]:
    """Take a sound project, and spoil one of its files."""
    files = dict(draw(st.sampled_from(KINDS)))
    name = draw(st.sampled_from(sorted(files)))
    return {**files, name: draw(spoiled([files[name]]))}


@fuzzed
@given(spoiled_projects())
def test_a_project(files: Mapping[str, str]) -> None:
    def read(wanted: Project) -> None:
        read_project(find_project(wanted, files.get), wanted, TARGET)

    chosen = Project(path=".", place=PLACE, groups=("core", "main"), extras=("web",))
    ours(lambda: read(Project(path=".", place=PLACE)))
    ours(lambda: read(chosen))


WORKSPACE = '[tool.uv.workspace]\nmembers = ["libs/*", "a[!b]?"]\nexclude = ["libs/x"]\n'


@fuzzed
@given(spoiled([WORKSPACE]), spoiled([STANDARD]), spoiled([UV]))
def test_a_workspace(root: str, member: str, lock: str) -> None:
    def read(files: Mapping[str, str]) -> None:
        wanted = Project(path="shop", place=PLACE, extras=("web",))
        read_project(find_project(wanted, files.get, ("libs",)), wanted, TARGET)

    sound = {"../pyproject.toml": WORKSPACE, "../uv.lock": UV, "shop/pyproject.toml": STANDARD}
    for path, text in zip(sound, (root, lock, member), strict=True):
        ours(lambda path=path, text=text: read({**sound, path: text}))  # type: ignore[misc]  # bound


@fuzzed
@given(spoiled([STANDARD + INDEXES]))
def test_index_settings(text: str) -> None:
    ours(lambda: read_index_settings(text, of_pyproject=True), ValueError)
    ours(lambda: read_index_settings(text, of_pyproject=False), ValueError)


METADATA = [
    "Metadata-Version: 2.1\nName: A.B\nVersion: 1.0\nRequires-Dist: c>=2; extra == 'x'\nProvides-Extra: x\n\nText\n",
    "Name: a\nVersion: 1\nRequires-Dist: a[b]!=1.*,>=0; python_version<'3' and (os_name=='a' or 'x' in extra)\n",
]
WHEELS = ["Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"]


@fuzzed
@given(spoiled(METADATA), spoiled(WHEELS))
def test_metadata(metadata: str, wheel: str) -> None:
    files: Mapping[str, bytes] = {
        "a-1.dist-info/METADATA": metadata.encode(errors="surrogatepass"),
        "a-1.dist-info/WHEEL": wheel.encode(errors="surrogatepass"),
        "a-1.dist-info/RECORD": b"a.py,,\n",
    }

    def read() -> None:
        found = find_distributions(sorted(files), lambda path: files[path])
        list(warnings(found, ["a.py"], TARGET))

    ours(read)


RECORDS = [
    f'a/b.py,sha256={"x" * 43},12\n"a, ""b"".py",sha256=y,1\r\n../../bin/c,,\na-1.dist-info/RECORD,,\n'
]


@fuzzed
@given(spoiled(RECORDS), st.sets(st.sampled_from(["a/b.py", "../../bin/c", ""])))
def test_a_record(text: str, names: set[str]) -> None:
    def read() -> None:
        rows = read_record(text.encode(errors="surrogatepass"), "a-1.dist-info/RECORD")
        left = rows_without(rows_with(rows, dict.fromkeys(names, b"new")), names)
        assert read_record(record_text(left).encode(), "a-1.dist-info/RECORD") == left

    ours(read)


CODE = [
    "import boto3\nfrom functools import partial\nN = {'a': 's3', 'b': 'sqs'}\nfor k, n in N.items():\n"
    "    boto3.client(n)\nmake = partial(boto3.client, region_name='x')\nmake(service_name='sns')\n",
    "import aioboto3 as a\nclass A(a.Session):\n    def f(self, n='s3'):\n        global x\n        x = n\n"
    "        return [self.resource(m) for m in (n, *x)] if (y := n) else getattr(a, n)(f'{y}-x')\n",
]
CODE_WORDS = [
    *WORDS, "boto3", ".client(", ".resource", "client", "'s3'", "lambda n: ", "for n in ", "x = ", "n", "self",
    "import boto3\n", "from . import ", "nonlocal n\n", "del n\n", "match n:\n    case {**n}: ", "((" * 300,
    "\n" + "x = " * 500, ".a" * 2000, "# coding: utf-7\n", "async with ", "    ",
]  # fmt: skip


@fuzzed
@given(spoiled(CODE, CODE_WORDS), spoiled(CODE, CODE_WORDS))
def test_code_that_asks_for_services(one: str, other: str) -> None:
    sources = {"a.py": one, "b/__init__.py": other}
    with in_time():
        found = find_services(
            {path: text.encode(errors="surrogatepass") for path, text in sources.items()}
        )
    assert list(found.uses) == sorted(found.uses)


def _wheel() -> bytes:
    with zipfile.ZipFile(file := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("a/b.py", "a-1.dist-info/METADATA", "é/" * 20 + "c"):
            archive.writestr(name, "x" * 50)
    return file.getvalue()


@fuzzed
@given(
    st.lists(st.tuples(st.integers(0, len(_wheel()) - 1), st.integers(0, 255)), max_size=8),
    st.integers(0, len(_wheel())),
    st.binary(max_size=30),
)
def test_the_directory_of_a_wheel(changes: list[tuple[int, int]], end: int, behind: bytes) -> None:
    content = bytearray(_wheel())
    for at, value in changes:
        content[at] = value
    whole = bytes(content) if end % 2 else bytes(content[:end])
    ours(lambda: unzipped_bytes(io.BytesIO(whole + behind)), UnreadableZipError)
