"""Layer versions: compared, published exactly once, shared, old ones deleted."""
