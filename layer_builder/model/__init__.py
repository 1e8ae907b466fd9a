"""The words of the house as values: target, layer, stack, resolution, prune plan, proof, build, release."""
