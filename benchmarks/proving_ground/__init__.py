"""A hundred packages, pruned as hard as it goes, each module imported before and after."""
