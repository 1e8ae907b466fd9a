"""How a run ends in a log: a line for each layer, where the report lies, what was done until then."""

from layer_builder.closing.lines import closing_lines, report_place
from layer_builder.closing.stopped import stopped_problem

__all__ = ["closing_lines", "report_place", "stopped_problem"]
