"""The workflow that publishes a manifest's layers: it calls the reusable one."""

import layer_builder
from layer_builder.survey.writing import flow

WORKFLOW = ".github/workflows/publish-layers.yml"
"""Where it lies, from the top of the repository."""


_TEXT = """\
# Written by `layer-builder init`. Pull requests build, prove and weigh the layers, reach no account and get
# a comment: what they would change of what main published last. main publishes what changed.
#
# Repository variables: AWS_ROLE_ARN and AWS_REGION. The role trusts this repository's main only
# (token.actions.githubusercontent.com:sub = repo:<owner>/<name>:ref:refs/heads/main) and may, on the
# layers, lambda:PublishLayerVersion, ListLayerVersions, GetLayerVersion.
name: Publish layers

on:
  push:
    branches: [main]
  pull_request:
  workflow_dispatch:

permissions: {}

concurrency:
  group: ${{ github.workflow }}-${{ github.ref }}
  cancel-in-progress: ${{ github.event_name == 'pull_request' }}

jobs:
  layers:
    name: Layers
    # Code of others runs in jobs of it that hold no credentials, and its job that publishes runs none.
    # Put the release's commit in place of the tag: @<40 hex digits> # v@version@
    uses: layer-builder/layer-builder/.github/workflows/publish-layers.yml@v@version@ # zizmor: ignore[unpinned-uses] the commit is known at release
    permissions:
      contents: read # checks out
      actions: read # fetches the report that a pull request is compared with
      attestations: write # keeps the provenance of the zips
      id-token: write # proves to AWS which workflow this is; no job that builds gets it
      pull-requests: write # writes the comment
    with:
      manifest: @manifest@
      aws-region: ${{ vars.AWS_REGION }}
      role-to-assume: ${{ vars.AWS_ROLE_ARN }}
      publish: ${{ github.ref == 'refs/heads/main' }}
      # attach: true gives the functions that have a function-name the versions that were published.
"""


def write_workflow(manifest: str) -> str:
    """Write the workflow for a manifest, which is named from the top of the repository."""
    text = _TEXT.replace("@version@", layer_builder.__version__)
    return text.replace("@manifest@", flow(manifest))
