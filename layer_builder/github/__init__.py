"""GitHub Actions: inputs, outputs, annotations, summary, comment."""

from layer_builder.github.actions import (
    WorkflowConsole,
    add_summary,
    current_workflow,
    is_workflow_step,
    read_action_inputs,
    set_outputs,
)
from layer_builder.github.comment import post_comment
from layer_builder.github.credentials import (
    find_credentials,
    has_index_credentials,
    holds_nothing,
    job_split,
)
from layer_builder.github.masking import find_masking

__all__ = [
    "WorkflowConsole",
    "add_summary",
    "current_workflow",
    "find_credentials",
    "find_masking",
    "has_index_credentials",
    "holds_nothing",
    "is_workflow_step",
    "job_split",
    "post_comment",
    "read_action_inputs",
    "set_outputs",
]
