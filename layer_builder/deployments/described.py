"""All that describes a deployment in a repository, in one order whatever the machine."""

from layer_builder.deployments.cdk import read_cdk
from layer_builder.deployments.found import Description
from layer_builder.deployments.repository import Repository
from layer_builder.deployments.sam import read_templates
from layer_builder.deployments.serverless import read_serverless
from layer_builder.deployments.terraform import read_terraform


def read_deployments(repository: Repository) -> list[Description]:
    """Read templates, services, apps and modules.

    Nothing is raised: what cannot be read is in the remarks.
    """
    return [
        *read_templates(repository),
        *read_serverless(repository),
        *read_cdk(repository),
        *read_terraform(repository),
    ]
