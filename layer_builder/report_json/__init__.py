"""`report.json`: the outcome of a run as data, as docs/report.md lists it."""

from layer_builder.report_json.changes import compared_by_key
from layer_builder.report_json.document import action_of, report_data

__all__ = ["action_of", "compared_by_key", "report_data"]
