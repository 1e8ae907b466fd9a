"""Distributions that have a smaller twin, and tools that no function needs: data, each with its source."""

from layer_builder.lazy_dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Twin:
    """A distribution that another one can stand for, with the same modules."""

    name: str
    """Normalised."""
    instead: str
    why: str
    source: str
    same_version: bool = True
    """Whether both are released with the same version numbers: then its bytes can be looked up."""


TWINS = (
    Twin(
        name="opencv-python",
        instead="opencv-python-headless",
        why="the same without windows; also needs none of X11's libraries, which Lambda lacks",
        source="https://github.com/opencv/opencv-python#installation-and-usage",
    ),
    Twin(
        name="opencv-contrib-python",
        instead="opencv-contrib-python-headless",
        why="the same without windows; also needs none of X11's libraries, which Lambda lacks",
        source="https://github.com/opencv/opencv-python#installation-and-usage",
    ),
    Twin(
        name="psycopg2",
        instead="psycopg2-binary",
        why="has wheels that bring libpq; psycopg2 is an sdist to be compiled against it",
        source="https://www.psycopg.org/docs/install.html",
        same_version=False,
    ),
    Twin(
        name="tensorflow",
        instead="tensorflow-cpu",
        why="the same without the code for GPUs, which Lambda lacks",
        source="https://www.tensorflow.org/install/pip",
    ),
    Twin(
        name="onnxruntime-gpu",
        instead="onnxruntime",
        why="the same for CPUs; Lambda has no GPU",
        source="https://onnxruntime.ai/docs/install/",
    ),
    Twin(
        name="faiss-gpu",
        instead="faiss-cpu",
        why="the same for CPUs; Lambda has no GPU",
        source="https://github.com/facebookresearch/faiss/blob/main/INSTALL.md",
        same_version=False,
    ),
    Twin(
        name="xgboost",
        instead="xgboost-cpu",
        why="the same without the code for GPUs, which Lambda lacks",
        source="https://xgboost.readthedocs.io/en/stable/install.html",
    ),
    Twin(
        name="mlflow",
        instead="mlflow-skinny",
        why="tracking and loading of models without server, SQL and data science packages",
        source="https://mlflow.org/docs/latest/ml/tracking/",
    ),
    Twin(
        name="pycrypto",
        instead="pycryptodome",
        why="has the same modules and is maintained; pycrypto was last released in 2013",
        source="https://www.pycryptodome.org/src/introduction",
        same_version=False,
    ),
)


DEV_TOOLS = frozenset(
    {
        "black", "coverage", "flake8", "hypothesis", "ipython", "isort", "jupyter", "moto", "mypy",
        "nox", "pip-tools", "pre-commit", "pylint", "pyright", "pytest", "pytest-cov", "ruff",
        "tox", "twine", "types-requests", "virtualenv",
    }
)  # fmt: skip
"""Distributions (normalised names) that check, test or publish code."""
