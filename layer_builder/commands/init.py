"""The manifest that `layer-builder init` writes."""

STARTER = """\
# Lambda layers: one entry each. Try it without an AWS account: layer-builder publish --sandbox
version: 1
python: "3.12"          # the Lambda runtime; 3.10 to 3.14
architecture: x86_64    # or arm64
# name: "myproject-{layer}"

layers:
  deps:
    packages: [requests]          # or requirements: requirements.txt
  # shared-code:
  #   include: [src/]             # becomes /opt/python/src/

# functions:
#   api: {layers: [shared-code, deps]}
"""
