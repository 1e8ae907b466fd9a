"""Looks at a repository and proposes its manifest: for `layer-builder init`."""

from layer_builder.survey.choices import propose
from layer_builder.survey.looking import look
from layer_builder.survey.workflow import WORKFLOW, write_workflow
from layer_builder.survey.writing import guesses, write_text

__all__ = ["WORKFLOW", "guesses", "look", "propose", "write_text", "write_workflow"]
