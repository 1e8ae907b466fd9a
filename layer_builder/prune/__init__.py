"""What leaves the tree, by which rule, and what stays because of whom."""
