"""One use: the tool fills a layer by each profile, and the program runs in each tree, confined."""

import os
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

from benchmarks.proving_ground.row import Case
from benchmarks.proving_ground.trial import fill
from benchmarks.uses.row import Answer, Use, UseRow
from layer_builder.errors import LayerBuilderError
from layer_builder.isolation import Policy, launch, prefixes
from layer_builder.model.settings import ProofDepth, PruneProfile
from layer_builder.model.target import Architecture, Python, Target
from layer_builder.prove import interpreter
from layer_builder.timing import Clock
from layer_builder.tree.tree import Tree

_PYTHON = Python.PY312
_SECONDS = 240
_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); exec(compile(sys.stdin.read(), 'use', 'exec'))"
)


def try_out(use: Use) -> UseRow:
    """Have the tool fill the layers, run the program in each, unpruned too."""
    target = Target(python=_PYTHON, architecture=Architecture.X86_64)
    python = interpreter.find_interpreter(target, os.environ)
    row = UseRow(name=use.name, package=use.package, about=use.about)
    if python is None:
        return replace(row, error=f"no {target.runtime} on this machine")
    case = Case(name=use.name, python=str(_PYTHON), requirements=use.requirements)
    answers, restored, version = dict[str, Answer](), dict[str, int](), ""
    try:
        for profile in (PruneProfile.OFF, PruneProfile.SAFE, PruneProfile.AGGRESSIVE):
            with tempfile.TemporaryDirectory(prefix="uses-") as folder:
                tree = Tree.below(Path(folder))
                account = fill(
                    case, target, python, tree, Clock(), prune=profile, proof=ProofDepth.IMPORTS
                )
                size = sum(package.bytes_kept for package in account.packages)
                answers[str(profile)] = _run(use, python, tree, size)
                restored[str(profile)] = len(account.restored)
                versions = {package.name: package.version for package in account.packages}
                version = versions.get(use.package.lower().replace("_", "-").partition("[")[0], "")
    except LayerBuilderError as error:
        lines = [line for p in error.problems for line in (p.message, *p.details)]
        return replace(row, error="\n".join(lines))
    return replace(row, version=version, answers=answers, restored=restored)


def _run(use: Use, python: interpreter.Interpreter, tree: Tree, size: int) -> Answer:
    """Run the program as the proof runs imports: no network, no files but the layer's, no host's."""
    with tempfile.TemporaryDirectory(prefix="uses-home-") as home:
        confined = launch(
            [python.path, "-I", "-S", "-B", "-c", _START, str(tree.root)],
            Policy(read=(*prefixes(Path(python.path)), tree.root, Path(home)), write=(Path(home),)),
            environ={
                "PATH": "/usr/bin:/bin",
                "HOME": home,
                "TMPDIR": home,
                "LANG": "C.UTF-8",
                "PYTHONHASHSEED": "0",
                "AWS_DEFAULT_REGION": "eu-west-1",
            },
            folder=Path(home),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            out, err = confined.process.communicate(use.source.encode(), timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            confined.end()
            return Answer(bytes=size, code=-1, out="", error=f"no answer in {_SECONDS} s")
        code = confined.wait()
    said = err.decode("utf-8", "replace").strip().splitlines()
    return Answer(
        bytes=size,
        code=code,
        out=out.decode("utf-8", "replace").strip(),
        error=said[-1] if said else "",
    )
