"""Uses what is most often shipped to Lambda, pruned against unpruned."""
