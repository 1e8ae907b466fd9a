"""What comes of it: the page, its claims, its picture."""
