"""Layer versions: compared, published exactly once, shared, old ones deleted."""

from layer_builder.publish.ownership import Listed, foreign_problem, list_versions, refuse_foreign
from layer_builder.publish.preconditions import prepare_publishing
from layer_builder.publish.publisher import publish
from layer_builder.publish.retention import near_the_limit

__all__ = [
    "Listed",
    "foreign_problem",
    "list_versions",
    "near_the_limit",
    "prepare_publishing",
    "publish",
    "refuse_foreign",
]
