"""Imports modules with the target's Python, pruned and unpruned."""

from layer_builder.prove.differential import ProofResult, ProofSetup, prove_tree
from layer_builder.prove.interpreter import find_interpreter
from layer_builder.prove.prover import FindProver, Prover, prover_for
from layer_builder.prove.selection import first_imports, modules_to_prove
from layer_builder.prove.verdict import Asked, own_modules, refuse_broken

__all__ = [
    "Asked",
    "FindProver",
    "ProofResult",
    "ProofSetup",
    "Prover",
    "find_interpreter",
    "first_imports",
    "modules_to_prove",
    "own_modules",
    "prove_tree",
    "prover_for",
    "refuse_broken",
]
