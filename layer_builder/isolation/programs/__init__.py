"""Programs that confine themselves and then become another; run by this program's own Python."""
