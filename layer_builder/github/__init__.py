"""GitHub Actions: inputs, outputs, annotations, summary, comment."""
