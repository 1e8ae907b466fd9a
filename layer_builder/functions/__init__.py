"""Proves functions: their handlers start on their layers, and answer their events."""

from layer_builder.functions.proof_key import absent_files, evidence_of
from layer_builder.functions.prove_functions import FunctionProofs
from layer_builder.functions.src_layout import src_layout_problems
from layer_builder.functions.stacks import StackToProve, stacks_to_prove

__all__ = [
    "FunctionProofs",
    "StackToProve",
    "absent_files",
    "evidence_of",
    "src_layout_problems",
    "stacks_to_prove",
]
