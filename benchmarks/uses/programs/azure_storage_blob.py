# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "azure-storage-blob==12.31.1",
# ]
# ///
"""Builds an address."""

from azure.storage.blob import BlobServiceClient
print(BlobServiceClient("https://a.blob.core.windows.net").get_blob_client("c", "b").url)
