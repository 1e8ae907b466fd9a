# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "protobuf==7.36.2",
# ]
# ///
"""Serialises a structure."""

from google.protobuf import struct_pb2, json_format
s = struct_pb2.Struct(); s.update({"a": 1}); print(json_format.MessageToDict(s), len(s.SerializeToString()))
