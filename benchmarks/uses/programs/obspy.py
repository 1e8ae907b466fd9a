# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "obspy==1.5.1",
# ]
# ///
"""Reads its example stream and events."""

import warnings; warnings.simplefilter("ignore")
import obspy
print(len(obspy.read()), len(obspy.read_events()), len(obspy.read_inventory()))
