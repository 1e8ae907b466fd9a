"""Installed packages on disk, as /opt/python will have them."""
