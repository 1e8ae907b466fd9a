# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "wandb==0.31.0",
# ]
# ///
"""Finds its core binary."""

import os
import wandb
from wandb.util import get_core_path
print(os.path.basename(get_core_path()), os.access(get_core_path(), os.X_OK))
