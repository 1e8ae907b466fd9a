"""One layer from its request to its proven zip, and all layers of a run in order."""
