# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "anthropic==2.14.0",
# ]
# ///
"""Builds a client."""

import anthropic
print(anthropic.Anthropic(api_key="a").base_url)
