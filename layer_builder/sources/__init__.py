"""What a layer is made from: requirements files, project files, the workspace's own files."""
