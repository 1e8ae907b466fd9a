"""The workflow that publishes a manifest's layers, with the action in one job."""

import layer_builder
from layer_builder.survey.proposal import Proposal
from layer_builder.survey.writing import flow

WORKFLOW = ".github/workflows/publish-layers.yml"
"""Where it lies, from the top of the repository."""


_TEXT = """\
# Written by `layer-builder init`. Pull requests build, prove and weigh the layers and reach no account;
# main publishes what changed.
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
    name: Build and publish
    runs-on: @runner@
    timeout-minutes: 20
    permissions:
      contents: read # checks out
      id-token: write # proves to AWS which workflow this is
    outputs:
      layer-arns: ${{ steps.layers.outputs.layer-arns }}
      function-layers: ${{ steps.layers.outputs.function-layers }}
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false

      # The Python that tries the imports is the one that the layers are for.
      - uses: actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97 # v7.0.0
        with:
          python-version: |
@pythons@

      - name: Sign in to AWS
        if: github.ref == 'refs/heads/main'
        uses: aws-actions/configure-aws-credentials@e6de054238d6b7531b4efff3b6587d9aade6a06c # v6.2.3
        with:
          role-to-assume: ${{ vars.AWS_ROLE_ARN }}
          aws-region: ${{ vars.AWS_REGION }}
          # ARNs hold the account's id. It is no secret; masked, GitHub would drop every job output
          # that it stands in.
          mask-aws-account-id: false

      - name: Build and publish the layers
        id: layers
        # Put the release's commit in place of the tag: @<40 hex digits> # v@version@
        uses: layer-builder/layer-builder@v@version@ # zizmor: ignore[unpinned-uses] the commit is known at release
        with:
          manifest: @manifest@
          output-dir: dist/layers
          # An AWS inside the process: whoever opens a pull request needs no credentials.
          sandbox: ${{ github.ref != 'refs/heads/main' }}
          dry-run: ${{ github.ref != 'refs/heads/main' }}

      - name: Keep zips and reports
        if: always() && steps.layers.outputs.output-dir
        uses: actions/upload-artifact@043fb46d1a93c77aae656e7c1c64a875d1fc6a0a # v7.0.1
        with:
          name: layers
          path: ${{ steps.layers.outputs.output-dir }}
          retention-days: 14
"""


def write_workflow(proposal: Proposal, manifest: str) -> str:
    """Write the workflow for a manifest, which is named from the top of the repository."""
    pythons = {proposal.python.value}
    for layer in proposal.layers:
        value = layer.entry.get("python", [])
        pythons |= {str(one) for one in (value if isinstance(value, list) else [value])}
    is_arm = proposal.architecture.value == "arm64"
    lines = sorted(pythons, key=lambda one: (len(one), one))
    values = {
        "runner": "ubuntu-24.04-arm" if is_arm else "ubuntu-24.04",
        "pythons": "\n".join(f"            {one}" for one in lines),
        "version": layer_builder.__version__,
        "manifest": flow(manifest),
    }
    text = _TEXT
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text
