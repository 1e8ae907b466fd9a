"""The outcome of a run as JSON, Markdown, HTML, files and outputs."""
