"""This program beside its peers: time, memory, size and what imports."""
