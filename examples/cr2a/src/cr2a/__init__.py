"""Contract review: what the functions of cr2a share."""
