# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "grpcio==1.85.3",
# ]
# ///
"""Makes a channel and its certificates."""

import grpc
print(grpc.StatusCode.OK, grpc.ssl_channel_credentials() is not None)
