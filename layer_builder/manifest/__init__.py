"""`layers.yml`: text in, a Manifest out, or every mistake at once with its line and column."""
