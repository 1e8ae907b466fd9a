"""Proxies and certificates, by the whole program."""
