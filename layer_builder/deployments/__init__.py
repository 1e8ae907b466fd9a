"""What SAM, Serverless Framework, CDK and Terraform say of functions and layers, as far as their text tells; pure."""

from layer_builder.deployments.cdk import read_cdk
from layer_builder.deployments.found import Description, FoundFunction, FoundLayer
from layer_builder.deployments.repository import Hint, Repository, folder_of, key_of, printable
from layer_builder.deployments.sam import read_templates
from layer_builder.deployments.serverless import read_serverless
from layer_builder.deployments.terraform import read_terraform

__all__ = [
    "Description",
    "FoundFunction",
    "FoundLayer",
    "Hint",
    "Repository",
    "folder_of",
    "key_of",
    "printable",
    "read_cdk",
    "read_serverless",
    "read_templates",
    "read_terraform",
]
