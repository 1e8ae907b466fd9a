"""What is built: sets of requirements, and what must work with each."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "cr2a"


@dataclass(frozen=True, kw_only=True)
class PackageSet:
    """Layers by key with their requirements, the same for whoever builds them."""

    name: str
    about: str
    layers: Mapping[str, tuple[str, ...]]
    modules: tuple[str, ...]
    """The top-level modules of what was asked for; cold import loads them."""
    checks: tuple[str, ...] = ()
    """Statements besides: what a function does first with them, without a network."""
    project: Path | None = None
    """A folder with a manifest and, besides requirements, code of its own."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Where the project has the requirements of each layer."""
    stack: tuple[str, ...] = ()
    """The layers that are unpacked over one another, where not all are."""
    is_timed: bool = True
    """Whether cold import is measured."""
    moving: tuple[str, str] = ("", "")
    """Distributions, of the lower layer and of the upper one, that get another version."""
    fewer_rounds: int = 0
    """How many rounds less than asked for; large sets take their time."""
    has_warm: bool = True
    """Whether the peers run with warm caches too."""

    @property
    def stacked(self) -> tuple[str, ...]:
        """The layers of one function, the lowest first."""
        return self.stack or tuple(self.layers)

    @property
    def statements(self) -> tuple[str, ...]:
        """All that must run."""
        return (*(f"import {name}" for name in self.modules), *self.checks)

    def pinned(self, versions: Mapping[str, str]) -> "PackageSet":
        """Ask for the versions that are known, so that all get the same, whenever they ask."""
        layers = {
            key: tuple(f"{name}=={versions[name]}" if name in versions else name for name in lines)
            for key, lines in self.layers.items()
        }
        return replace(self, layers=layers)

    def with_older(self, name: str) -> "PackageSet":
        """Ask for a version before the pinned one of a distribution."""
        layers = {
            key: tuple(line.replace(f"{name}==", f"{name}<") for line in lines)
            for key, lines in self.layers.items()
        }
        return replace(self, layers=layers)


def _lines(file: str) -> tuple[str, ...]:
    return tuple((EXAMPLE / file).read_text(encoding="utf-8").split())


_CORE = _lines("requirements-core.txt")
_OPTIONAL = _lines("requirements-optional.txt")
_CORE_MODULES = ("boto3", "openai", "pandas", "pydantic")
_CORE_CHECKS = (
    "import boto3; boto3.client('s3', region_name='eu-west-1',"
    " aws_access_key_id='none', aws_secret_access_key='none')",
    "import openai; openai.OpenAI(api_key='none')",
    "import pandas; pandas.DataFrame({'a': [1, 2]}).groupby('a').size()",
)

WHOLE = PackageSet(
    name="example",
    about="The four layers of examples/cr2a: shared code, core-deps, optional-deps on top of it,"
    " shared-deps (core-deps again). Imports are those of core-deps and optional-deps, stacked.",
    layers={"core-deps": _CORE, "optional-deps": _OPTIONAL, "shared-deps": _CORE},
    project=EXAMPLE,
    files={
        "core-deps": "requirements-core.txt",
        "optional-deps": "requirements-optional.txt",
        "shared-deps": "requirements-core.txt",
    },
    stack=("shared-code", "core-deps", "optional-deps"),
    moving=("pydantic", "flask"),
    modules=(*_CORE_MODULES, "fastapi", "flask", "reportlab", "PIL"),
    checks=(
        *_CORE_CHECKS,
        "import flask; flask.Flask('a'); import importlib.metadata as m; m.version('flask')",
        "import fastapi; fastapi.FastAPI()",
        "from reportlab.pdfgen import canvas",
        "from PIL import Image; Image.new('RGB', (8, 8))",
        "import src.cr2a.api, src.cr2a.worker",
    ),
    is_timed=False,
)
CORE = PackageSet(
    name="core-deps",
    about="One layer of the example.",
    layers={"core-deps": _CORE},
    modules=_CORE_MODULES,
    checks=_CORE_CHECKS,
)
DATA = PackageSet(
    name="data",
    about="A data stack. Without pyarrow: with it no layer is within AWS's 250 MiB, and this program"
    " refuses it before it is proven or packed.",
    layers={"data": ("pandas", "scipy", "scikit-learn")},
    modules=("pandas", "scipy", "sklearn"),
    checks=(
        "import scipy.stats; scipy.stats.norm.cdf(0)",
        "import scipy.optimize",
        "from sklearn.linear_model import LinearRegression; LinearRegression().fit([[0], [1]], [0, 1])",
        "import pandas; pandas.DataFrame({'a': [1, 2]}).groupby('a').size()",
    ),
    fewer_rounds=2,
    has_warm=False,
)
WEB = PackageSet(
    name="web",
    about="A web stack.",
    layers={"web": ("django", "djangorestframework", "psycopg2-binary", "celery")},
    modules=("django", "rest_framework", "psycopg2", "celery"),
    checks=(
        "from django.conf import settings; settings.configure(); import django; django.setup();"
        " import rest_framework.serializers",
        "import django.core.management as m; m.get_commands()",
        "import psycopg2.extras",
        "import celery; celery.Celery('a').task(print)",
    ),
    fewer_rounds=1,
    has_warm=False,
)
AI = PackageSet(
    name="ai",
    about="An AI stack.",
    layers={"ai": ("openai", "langchain", "tiktoken", "tokenizers")},
    modules=("openai", "langchain", "tiktoken", "tokenizers"),
    checks=(
        "import openai; openai.OpenAI(api_key='none')",
        "import langchain.agents",
        "import tiktoken; assert tiktoken.list_encoding_names()",
        "import tokenizers; tokenizers.Tokenizer(tokenizers.models.BPE())",
    ),
    fewer_rounds=2,
    has_warm=False,
)
TINY = PackageSet(
    name="tiny",
    about="One small layer.",
    layers={"tiny": ("requests",)},
    modules=("requests",),
    checks=("import requests; requests.Session()",),
    fewer_rounds=1,
)

SETS: Mapping[str, tuple[PackageSet, ...]] = {
    "example": (WHOLE, CORE),
    "data": (DATA,),
    "web": (WEB,),
    "ai": (AI,),
    "tiny": (TINY,),
}
"""By the name to ask for."""
