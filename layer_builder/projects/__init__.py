"""What a project's own files ask for: the locks of uv, Poetry, PDM and Pipenv, pylock.toml, pyproject.toml; pure."""

from layer_builder.projects.constraints import requirement_lines
from layer_builder.projects.locked import ProjectLines
from layer_builder.projects.pylock import is_pylock, read_pylock
from layer_builder.projects.reading import ProjectFiles, find_project, read_project

__all__ = [
    "ProjectFiles",
    "ProjectLines",
    "find_project",
    "is_pylock",
    "read_project",
    "read_pylock",
    "requirement_lines",
]
