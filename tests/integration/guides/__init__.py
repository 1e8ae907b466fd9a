"""The pages of docs/guides, each tried word for word."""
