"""Imports modules with the target's Python, pruned and unpruned."""

from layer_builder.prove.differential import ProofResult, ProofSetup, prove_tree
from layer_builder.prove.interpreter import find_interpreter
from layer_builder.prove.process import SilentError, read_answers
from layer_builder.prove.prover import FindProver, Prover, prover_for
from layer_builder.prove.selection import first_imports, groups_of, modules_to_prove

__all__ = [
    "FindProver",
    "ProofResult",
    "ProofSetup",
    "Prover",
    "SilentError",
    "find_interpreter",
    "first_imports",
    "groups_of",
    "modules_to_prove",
    "prove_tree",
    "prover_for",
    "read_answers",
]
