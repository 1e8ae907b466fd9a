"""Requirements that name where a distribution is: in the workspace, in a repository, at a URL."""

from layer_builder.addresses.local_projects import LocalProjects
from layer_builder.addresses.reader import DirectReader
from layer_builder.addresses.telling import tell_local_projects

__all__ = ["DirectReader", "LocalProjects", "tell_local_projects"]
