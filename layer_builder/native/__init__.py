"""Native libraries: would they load on the target, and what can be stripped from them."""
