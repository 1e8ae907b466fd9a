"""Who builds a set of packages, and how: the peers' commands and our own settings."""

import json
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from benchmarks.peers.sets import PackageSet
from layer_builder.keeping import NO_CACHE_VARIABLE
from layer_builder.model.target import Target

ROOT = Path(__file__).resolve().parents[2]


class Pass(StrEnum):
    """The state of the caches that a run finds."""

    COLD = "cold"
    """Empty: a home of its own."""
    WARM = "warm"
    """As the cold run left them; the results are elsewhere."""
    REBUILT = "rebuilt"
    """The same, but for our cache of builds, which is left out: only uv's is filled."""
    UNCHANGED = "unchanged"
    """The same, and the results of the run before lie where they were."""
    LOWER_PIN = "lower pin"
    """As the cold run left them, with another version of a distribution of the lower layer."""
    UPPER_PIN = "upper pin"
    """The same, of the upper layer."""
    KNOWN = "known"
    """Empty, and no results lie anywhere; a local AWS has all layers, as an earlier run published
    them: `publish` knows them by their stamps."""
    LOCKED = "locked"
    """The same, of a manifest with its `layers.lock`: no index is asked."""
    FIRST = "first"
    """Empty, and the program's own environment is not there, either: it is set up, and all layers
    are built, proven and published to a local AWS."""

    @property
    def environ(self) -> dict[str, str]:
        """Give the variables that the run gets besides."""
        return {NO_CACHE_VARIABLE: "builds"} if self is Pass.REBUILT else {}


@dataclass(frozen=True, kw_only=True)
class Builder:
    """A way to make the zips of a set."""

    title: str
    write: Callable[[Path, PackageSet, Target], None]
    """Writes into a folder what the command reads."""
    command: tuple[str, ...]
    tools: tuple[str, ...] = ()
    """Programs it needs, by their names in `tools.PINS`; their folders are `$PIP`, `$PEX`, …"""
    publishing: tuple[str, ...] = ()
    """The command that publishes to the AWS that its variables name."""
    beginning: tuple[str, ...] = ()
    """The same, which sets itself up first."""
    locking: tuple[str, ...] = ()
    """The command that writes the lock of a workspace."""
    passes: tuple[Pass, ...] = (Pass.COLD, Pass.WARM)
    is_ours: bool = False
    good_codes: frozenset[int] = frozenset({0})
    environ: Mapping[str, str] = field(default_factory=dict)
    builds_projects: bool = False
    """Whether it makes several layers and those of the project's own code."""
    most_rounds: int | None = None
    """For those that take a minute each and whose time no claim is about."""


_SLOW = 2
_OVER_A_LIMIT = 5
"""Our exit code for a layer over AWS's limit: it is there, and refused."""

_PROGRAM = (
    f"import gc, os, sys; gc.disable(); sys.path.insert(0, {str(ROOT)!r}); "
    "from layer_builder.main import main; gc.freeze(); gc.enable(); "
    "code = main(sys.argv[1:], os.environ); gc.freeze(); sys.exit(code)"
)


def ours(title: str = "this program", *passes: Pass, **settings: object) -> Builder:
    """Give this program with settings of the manifest; the name of a bucket lets large zips pass."""

    def write(folder: Path, packages: PackageSet, target: Target) -> None:
        if packages.project:
            shutil.copytree(packages.project, folder, dirs_exist_ok=True)
            manifest = folder / "layers.yml"
            text = manifest.read_text(encoding="utf-8")
            text = re.sub(r"(?m)^python: .*$", f'python: "{target.python}"', text)
            manifest.write_text(text, encoding="utf-8")
            for key, file in packages.files.items():
                lines = "".join(f"{line}\n" for line in packages.layers[key])
                (folder / file).write_text(lines, encoding="utf-8")
            return
        layers = {key: {"packages": list(lines)} for key, lines in packages.layers.items()}
        top = {"version": 1, "python": str(target.python), **settings, "layers": layers}
        # JSON is YAML.
        (folder / "layers.yml").write_text(json.dumps(top), encoding="utf-8")

    return Builder(
        title=title,
        write=write,
        command=(
            sys.executable, "-I", "-c", _PROGRAM,
            "build", "--output-dir", "out", "--s3-bucket", "layer-builder-bench",
        ),
        publishing=(sys.executable, "-I", "-c", _PROGRAM, "publish", "--output-dir", "out"),
        beginning=(sys.executable, str(ROOT / "entrypoint.py"), "publish", "--output-dir", "out"),
        locking=(sys.executable, "-I", "-c", _PROGRAM, "lock"),
        passes=passes or (Pass.COLD, Pass.WARM, Pass.REBUILT),
        is_ours=True,
        good_codes=frozenset({0, _OVER_A_LIMIT}),
        builds_projects=True,
    )  # fmt: skip


def peers(target: Target) -> tuple[Builder, ...]:
    """Give the peers, the recipe first."""
    python = f"python{target.python}"
    install = '"$PIP/bin/python" -m pip install -q --disable-pip-version-check --only-binary=:all:'
    return (
        _shell("the recipe", f"""
            for file in requirements/*.txt; do
              layer=$(basename "$file" .txt)
              {install} --no-cache-dir --no-compile -r "$file" -t "$layer/python"
              find "$layer/python" -type d \\( -name __pycache__ -o -name '*.dist-info' \\
                -o -name '*.egg-info' -o -name tests -o -name test -o -name docs \\
                -o -name examples -o -name bin \\) -prune -exec rm -rf {{}} +
              find "$layer/python" -type f \\( -name '*.py[co]' -o -name '*.exe' -o -name '*.md' \\
                -o -name '*.txt' ! -name 'requirements*.txt' \\) -delete
              (cd "$layer" && zip -qr "../out/$layer.zip" python)
            done
            if [ -d project ]; then
              mkdir -p shared-code/python
              cp -r project/src project/schemas project/templates shared-code/python/
              (cd shared-code && zip -qr ../out/shared-code.zip python)
            fi
        """, "pip", passes=(Pass.COLD,), builds_projects=True),
        _shell("pip + zip", f"""
            {install} --no-compile -r requirements/"$LAYER".txt -t python
            zip -qr out/"$LAYER".zip python
        """, "pip"),
        _shell("uv guide", f"""
            "$UV" export -q --no-dev --no-editable -o requirements.txt
            "$UV" pip install --no-installer-metadata --no-compile-bytecode \\
              --python-platform x86_64-manylinux2014 --python {target.python} \\
              --target python -r requirements.txt
            zip -qr out/"$LAYER".zip python
        """),
        _shell("uv guide, wheels for the runtime", f"""
            "$UV" export -q --no-dev --no-editable -o requirements.txt
            "$UV" pip install --no-installer-metadata --no-compile-bytecode --only-binary :all: \\
              --python-platform {target.uv_platform} --python {target.python} \\
              --target python -r requirements.txt
            zip -qr out/"$LAYER".zip python
        """),
        _shell("pex", f"""
            "$PEX"/bin/pex3 venv create --layout flat-zipped --prefix python --python {python} \\
              --resolver-version pip-2020-resolver -r requirements/"$LAYER".txt -d out/"$LAYER"
        """, "pip", "pex", most_rounds=_SLOW),
        _shell("SAM build", """
            "$SAM"/bin/sam build Layer
            cd .aws-sam/build/Layer && zip -qr ../../../out/"$LAYER".zip python
        """, "pip", "sam", environ={"SAM_CLI_TELEMETRY": "0"}, most_rounds=_SLOW),
        # Packaging ends by asking AWS for the layer's last version; the zip is there by then.
        _shell("serverless, slim", """
            ln -s "$SERVERLESS/node_modules" node_modules
            node_modules/.bin/serverless package || [ -e .serverless/pythonRequirements.zip ]
            cp -L .serverless/pythonRequirements.zip out/"$LAYER".zip
        """, "pip", "serverless", environ={
            "SLS_TELEMETRY_DISABLED": "1",
            "SLS_NOTIFICATIONS_MODE": "off",
            "AWS_EC2_METADATA_DISABLED": "true",
        }, most_rounds=_SLOW),
    )  # fmt: skip


def _shell(  # noqa: PLR0913 (what tells one peer from another)
    title: str,
    script: str,
    *tools: str,
    passes: tuple[Pass, ...] = (Pass.COLD, Pass.WARM),
    environ: Mapping[str, str] | None = None,
    builds_projects: bool = False,
    most_rounds: int | None = None,
) -> Builder:
    return Builder(
        title=title,
        write=_write,
        command=("bash", "-euo", "pipefail", "-c", script),
        tools=tools,
        passes=passes,
        environ=environ or {},
        builds_projects=builds_projects,
        most_rounds=most_rounds,
    )


def _write(folder: Path, packages: PackageSet, target: Target) -> None:
    """Write what the peers read: each finds its own file."""
    (folder / "out").mkdir()
    (folder / "requirements").mkdir()
    for key, lines in packages.layers.items():
        (folder / "requirements" / f"{key}.txt").write_text("\n".join(lines) + "\n")
    if packages.project:
        shutil.copytree(packages.project, folder / "project")
        return
    [lines] = packages.layers.values()
    (folder / "layer").mkdir()
    files = {
        "pyproject.toml": _PYPROJECT.format(python=target.python, lines=json.dumps(lines)),
        "layer/requirements.txt": "\n".join(lines) + "\n",
        "template.yaml": _SAM.format(runtime=target.runtime),
        "requirements.txt": "\n".join(lines) + "\n",
        "handler.py": "def handler(event, context): return None\n",
        "serverless.yml": _SERVERLESS.format(runtime=target.runtime),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


_PYPROJECT = """\
[project]
name = "bench"
version = "0"
requires-python = ">={python}"
dependencies = {lines}
"""
_SAM = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Layer:
    Type: AWS::Serverless::LayerVersion
    Properties: {{ContentUri: layer/, CompatibleRuntimes: [{runtime}]}}
    Metadata: {{BuildMethod: {runtime}, BuildArchitecture: x86_64}}
"""
_SERVERLESS = """\
service: bench
frameworkVersion: "3"
plugins: [serverless-python-requirements]
provider: {{name: aws, runtime: {runtime}}}
package: {{patterns: ["!**", handler.py]}}
custom: {{pythonRequirements: {{slim: true, layer: true, pythonBin: {runtime}}}}}
functions: {{hello: {{handler: handler.handler}}}}
"""
