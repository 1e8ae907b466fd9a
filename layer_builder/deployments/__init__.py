"""What SAM, Serverless Framework, CDK and Terraform say of functions and layers, as far as their text tells; pure."""

from layer_builder.deployments.described import read_deployments
from layer_builder.deployments.found import Description, FoundFunction, FoundLayer
from layer_builder.deployments.python_code import parse_python
from layer_builder.deployments.repository import Hint, Repository, folder_of, key_of, printable

__all__ = [
    "Description",
    "FoundFunction",
    "FoundLayer",
    "Hint",
    "Repository",
    "folder_of",
    "key_of",
    "parse_python",
    "printable",
    "read_deployments",
]
