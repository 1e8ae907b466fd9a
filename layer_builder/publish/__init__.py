"""Layer versions: compared, published exactly once, shared, old ones deleted."""

from layer_builder.publish.objects import Objects
from layer_builder.publish.ownership import Listed, foreign_problem, list_versions, refuse_foreign
from layer_builder.publish.preconditions import prepare_publishing
from layer_builder.publish.publisher import publish
from layer_builder.publish.retention import LetIn, let_in, near_the_limit
from layer_builder.publish.retention import users as reasons_of_users

__all__ = [
    "LetIn",
    "Listed",
    "Objects",
    "foreign_problem",
    "let_in",
    "list_versions",
    "near_the_limit",
    "prepare_publishing",
    "publish",
    "reasons_of_users",
    "refuse_foreign",
]
