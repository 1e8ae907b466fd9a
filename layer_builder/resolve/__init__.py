"""Versions: which layers have to agree, what uv chooses, what the lock says."""
