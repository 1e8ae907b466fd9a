"""Finished layer versions on their way to another account or region: found, fetched, held to digests."""

from layer_builder.promote.choice import choose_named, selected
from layer_builder.promote.finished import as_built
from layer_builder.promote.from_aws import Fetcher, without_digest
from layer_builder.promote.from_folder import find_finished

__all__ = ["Fetcher", "as_built", "choose_named", "find_finished", "selected", "without_digest"]
