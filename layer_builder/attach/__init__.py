"""The layers of functions: planned, checked, updated."""
