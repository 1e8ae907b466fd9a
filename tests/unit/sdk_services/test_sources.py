"""Which services code asks for, in all the ways that people write it."""

import sys
import time

import pytest

from layer_builder.sdk_services import find_services

NAMED = {
    "boto3.client('s3')": "s3",
    "boto3.resource('dynamodb')": "dynamodb",
    "boto3.client(region_name='x', service_name='s3')": "s3",
    "boto3.client(\n    'cognito-idp',\n)": "cognito-idp",
    "boto3.Session(profile_name='x').client('sqs')": "sqs",
    "boto3.session.Session().resource('sqs')": "sqs",
    "session = boto3.Session()\nsession.client('sqs')": "sqs",
    "boto3.setup_default_session()\nboto3.DEFAULT_SESSION.client('s3')": "s3",
    "from boto3 import client\nclient('s3')": "s3",
    "from boto3 import client as c, resource\nc('s3')\nresource('sns')": "s3 sns",
    "from boto3 import *\nclient('s3')": "s3",
    "from boto3 import *\nSession().client('s3')": "s3",
    "import boto3 as b\nb.client('s3')": "s3",
    "from boto3.session import Session\nSession().client('s3')": "s3",
    "import boto3.session as x\nx.Session().client('s3')": "s3",
    "import botocore.session\nbotocore.session.get_session().create_client('s3')": "s3",
    "from botocore.session import get_session as g\ns = g()\ns.create_client('s3')": "s3",
    "botocore.session.Session().get_service_model('s3')": "s3",
    "import botocore.loaders\nbotocore.loaders.Loader().load_service_model('s3', 'service-2')": "s3",
    "import aioboto3\nasync def f():\n  async with aioboto3.Session().client('s3') as s3: pass": "s3",
    "import aioboto3\nsession = aioboto3.Session()\nasync def f():\n"
    "  async with session.resource('s3') as s3, session.client('sqs') as q: pass": "s3 sqs",
    "from aiobotocore.session import get_session\nasync def f():\n"
    "  async with get_session().create_client('s3', region_name='x') as s3: pass": "s3",
    "SERVICE = 's3'\ndef f():\n  return boto3.client(SERVICE)": "s3",
    "SERVICE: str = 's3'\nboto3.client(SERVICE)": "s3",
    "def f():\n  name = 's3'\n  return boto3.client(name)": "s3",
    "class A:\n  NAME = 's3'\n  made = boto3.client(NAME)": "s3",
    "def f(x):\n  n = 's3'\n  if x:\n    n = 'sqs'\n  return boto3.client(n)": "s3 sqs",
    "A, B = 's3', 'sqs'\nboto3.client(B)": "sqs",
    "for n in ('s3', 'sqs'):\n  boto3.client(n)": "s3 sqs",
    "N = ['s3', 'sqs']\nfor n in sorted(N):\n  boto3.client(n)": "s3 sqs",
    "for n, x in (('s3', 1), ('sqs', 2)):\n  boto3.client(n)": "s3 sqs",
    "M = {'a': 's3', 'b': 'sqs'}\nfor k, n in M.items():\n  boto3.client(n)": "s3 sqs",
    "M = {'s3': 1, 'sqs': 2}\nfor n in M:\n  boto3.client(n)": "s3 sqs",
    "M = {'a': 's3', 'b': 'sqs'}\ndef f(x):\n  return boto3.client(M[x])": "s3 sqs",
    "c = {n: boto3.client(n) for n in ['s3', 'sqs']}": "s3 sqs",
    "def f(x):\n  return boto3.client('s3' if x else 'sqs')": "s3 sqs",
    "boto3.client('cognito' + '-idp')": "cognito-idp",
    "K = 'idp'\nboto3.client(f'cognito-{K}')": "cognito-idp",
    "boto3.client((n := 's3'))": "s3",
    "from functools import partial\nm = partial(boto3.client, region_name='x')\nm('s3')": "s3",
    "from functools import partial\npartial(boto3.client, 's3')()": "s3",
    "import functools\nfunctools.partial(boto3.client, service_name='s3')()": "s3",
    "make = boto3.client\nmake('s3')": "s3",
    "client = boto3.Session().client\nclient('s3')": "s3",
    "def f(session):\n  make = session.client\n  return make('s3')": "s3",
    "list(map(boto3.client, ['s3', 'sqs']))": "s3 sqs",
    "def f(pool):\n  pool.submit(boto3.client, 's3')": "s3",
    "getattr(boto3, 'client')('s3')": "s3",
    "make = getattr(boto3, 'client')\nmake('s3')": "s3",
    "import importlib\nb = importlib.import_module('boto3')\nb.client('s3')": "s3",
    "class A:\n  def __init__(self, s=None):\n    self.s = s or boto3.Session()\n"
    "  def f(self):\n    return self.s.client('s3')": "s3",
    "class S(boto3.Session):\n  pass\nS().client('s3')": "s3",
    "boto3.client('runtime.sagemaker')": "sagemaker-runtime",
    "r = boto3.resource('s3')\nr.meta.client.get_object()": "s3",
    "class A:\n  def __init__(self):\n    self.client = boto3.client('s3')\n"
    "  def f(self):\n    return self.client.get_object(Key='x')": "s3",
    "c = boto3.client('s3')\ndef f(k):\n  return getattr(c, k)('sqs')": "s3",
    "def f(c: boto3.client) -> boto3.client:\n  return c": "",
    "import botocore.client\nbotocore.client.BaseClient\nfrom botocore.client import Config": "",
    "import docker\ndef f(x):\n  return docker.client(x)": "",
    "from docker import client\ndef f(x):\n  return client(x)": "",
    "def f(x):\n  return x.client()": "",
    "def f(x):\n  return x.client(1)": "",
}


@pytest.mark.parametrize("code", NAMED)
def test_a_name_that_can_be_read_is(code: str) -> None:
    found = find_services({"app.py": f"import boto3, botocore.session\n{code}\n".encode()})
    assert found.unreadable == ()
    assert sorted(found.services) == NAMED[code].split()


UNREADABLE = {
    "boto3.client(n)": 2,
    "boto3.client(service_name=n)": 2,
    "boto3.resource(f'{n}-runtime')": 2,
    "boto3.client(*n)": 2,
    "boto3.client(**n)": 2,
    "boto3.client(CONFIG['service'])": 2,
    "boto3.client(os.environ['SERVICE'])": 2,
    "boto3.Session().client(n)": 2,
    "self.session.client(n)": 2,
    "n.client(n.service)": 2,
    "f(boto3.client)": 2,
    "[boto3.client]": 2,
    "getattr(boto3, n)": 2,
    "(lambda n: boto3.client(n))": 2,
    "botocore.session.get_session().create_client(n)": 2,
    "from functools import partial\nm = partial(boto3.client, region_name='x')\nm(n)": 4,
    "from functools import partial\nf(partial(boto3.client, region_name='x'))": 3,
    "make = boto3.client\nmake(n)": 3,
    "list(map(boto3.client, n))": 2,
    "def make(n='s3'):\n  return boto3.client(n)": 3,
    "N = ['s3']\nN.append(f())\nfor n in N:\n  boto3.client(n)": 5,
    "N = {'a': 's3'}\nN['b'] = f()\nfor n in N.values():\n  boto3.client(n)": 5,
    "N = 's3'\nN += f()\nboto3.client(N)": 4,
    "N = 's3'\ndef f(n):\n  global N\n  N = n\nboto3.client(N)": 6,
    "def o():\n  N = 's3'\n  def f(n):\n    nonlocal N\n    N = n\n  return boto3.client(N)": 7,
    "class S(boto3.Session):\n  def client(self, n):\n    return super().client(n)": 4,
    "def f(:": 2,
}


@pytest.mark.parametrize(("code", "line"), UNREADABLE.items())
def test_a_name_that_cannot_be_read_is_told_with_its_line(code: str, line: int) -> None:
    found = find_services({"app.py": f"import boto3, botocore.session\n{code}\n".encode()})
    assert [one.place for one in found.unreadable] == [f"app.py:{line}"]
    assert found.is_all
    assert found.key == ["*"]


def test_what_was_not_given_a_name_keeps_its_text() -> None:
    source = b"import boto3\nboto3.client(\n  name, region_name='eu-west-1')\n"
    (one,) = find_services({"src/app.py": source}).unreadable
    assert (one.place, one.text) == ("src/app.py:2", "boto3.client(name, region_name='eu-west-1')")
    source = b"import boto3\nboto3.client(name" + b", a=1" * 100 + b")\n"
    (one,) = find_services({"src/app.py": source}).unreadable
    assert len(one.text) == 81


def test_the_first_place_of_each_service_is_told() -> None:
    found = find_services(
        {
            "b.py": b"import boto3\nboto3.client('s3')\n",
            "a.py": b"import boto3\n\nboto3.client('s3')\nboto3.client('s3')\nboto3.client('ec2')\n",
        }
    )
    assert [(u.service, u.place) for u in found.uses] == [("ec2", "a.py:5"), ("s3", "a.py:3")]


def test_code_without_the_sdk_is_passed_over_unless_it_names_a_service() -> None:
    found = find_services(
        {"a.py": b"def f(session, n):\n  session.client(n)\n  session.client('s3')\n"}
    )
    assert found.services == {"s3"}
    assert found.unreadable == ()


@pytest.mark.parametrize(
    ("path", "imports"),
    [
        ("src/app.py", "from common.aws import session"),
        ("src/app.py", "from common import aws\nsession = aws.session"),
        ("src/app.py", "from src.common.aws import make\nsession = make()"),
        ("src/common/app.py", "from .aws import session"),
        ("src/common/app.py", "from . import aws\nsession = aws.session"),
        ("src/deep/app.py", "from ..common.aws import session"),
        ("src/app.py", "from common import session"),  # common/__init__ has it from aws
    ],
)
def test_a_session_of_a_file_beside_is_one(path: str, imports: str) -> None:
    beside = {
        "src/common/aws.py": b"import boto3\nsession = boto3.Session()\n",
        "src/common/__init__.py": b"from .aws import session\n",
    }
    code = f"{imports}\ndef f(n):\n  return session.client(n)\n".encode()
    found = find_services({**beside, path: code})
    assert [one.text for one in found.unreadable] == ["session.client(n)"]


def test_what_another_library_is_asked_for_is_nothing_to_do_with_it() -> None:
    beside = {"src/common/aws.py": b"import boto3\nsession = boto3.Session()\n"}
    code = b"from others.web import session\ndef f(n):\n  return session.client(n)\n"
    assert find_services({**beside, "src/app.py": code}).unreadable == ()


def test_an_alias_counts_where_it_is_imported() -> None:
    found = find_services(
        {
            "aws.py": b"import boto3\nmake = boto3.client\n",
            "a.py": b"from aws import make\nmake('s3')\n",
            "b.py": b"import aws\naws.make('sqs')\n",
            "c.py": b"def make(n): return n\ndef f(n): return make(n)\n",
        }
    )
    assert found.services == {"s3", "sqs"}
    assert found.unreadable == ()


def test_compiled_code_that_names_the_sdk_cannot_be_read() -> None:
    found = find_services(
        {"fast.so": b"\x7fELF boto3", "other.so": b"\x7fELF", "a.pyc": b"botocore"}
    )
    assert [one.place for one in found.unreadable] == ["a.pyc", "fast.so"]


@pytest.mark.parametrize(
    "source",
    [
        "# coding: latin-1\nimport boto3\nboto3.client('s3') # é\n".encode("latin-1"),
        "\ufeffimport boto3\nboto3.client('s3')\n".encode(),
        b"import boto3\r\nboto3.client('s3')\r\n",
        b"# coding: utf-7\nimport boto3\nboto3.client(+ACc-s3+ACc-)\n",
    ],
)
def test_other_encodings_are_read_as_python_reads_them(source: bytes) -> None:
    found = find_services({"a.py": source})
    assert found.services == {"s3"}
    assert found.unreadable == ()


@pytest.mark.parametrize(
    "source",
    [
        b"import boto3\nx = '\xff'\n",
        b"import boto3\n\x00",
        b"# coding: nonsense\nimport boto3\n",
        b"import boto3\nx = " + b"(" * 5000 + b")" * 5000,
        b"import boto3\nprint 'x'\n",
    ],
)
def test_what_python_cannot_parse_could_ask_for_anything(source: bytes) -> None:
    (one,) = find_services({"a.py": source}).unreadable
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert one.text == f"Python {python} cannot parse this file"


def test_a_broken_file_without_anything_of_the_kind_asks_for_nothing() -> None:
    assert find_services({"a.py": b"print 'x'\n"}).unreadable == ()


def test_code_that_nests_deeper_than_python_does_is_read() -> None:
    long = (
        b"import boto3\nx = " + b" + ".join(b"'a'" for _ in range(3000)) + b"\nboto3.client('s3')\n"
    )
    found = find_services({"a.py": long})
    assert found.services == {"s3"} or found.is_all


@pytest.mark.parametrize(
    "code",
    [
        "\n".join(f"n{i} = n{i + 1}" for i in range(12) for _ in range(50)) + "\nboto3.client(n0)",
        "\n".join(f"s{i} = s{i + 1}" for i in range(12) for _ in range(50)) + "\ns0.client(x)",
        "boto3.client(x" + " + x" * 3000 + ")",
        "boto3.client(x)" + ".a" * 3000,
        "boto3" + ".a" * 3000 + ".client(x)",
    ],
)
def test_code_that_is_written_to_keep_a_reader_busy_does_not(code: str) -> None:
    start = time.monotonic()
    assert find_services({"app.py": f"import boto3\n{code}\n".encode()}).is_all
    assert time.monotonic() - start < 5


def test_names_that_nest_too_deeply_may_ask_for_anything() -> None:
    deep = b"import boto3\nx = boto3" + b".a" * 1050 + b".client\n"
    found = find_services({"a.py": deep, "b.py": b"import boto3\nboto3.client('s3')"})
    assert [use.service for use in found.uses] == ["s3"]
    assert [(one.place, one.text) for one in found.unreadable] == [
        ("a.py:1", "it nests too deeply to be read")
    ]
