"""`split`: the fewest layers for one that is too large, and how the manifest says them."""
