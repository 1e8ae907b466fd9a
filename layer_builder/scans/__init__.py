"""What is read out of a file's content, and kept for later builds of a layer by that content."""

from layer_builder.scans.kept import KeptScans
from layer_builder.scans.scan import Scan, scan_anew

__all__ = ["KeptScans", "Scan", "scan_anew"]
