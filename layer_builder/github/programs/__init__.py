"""What the action runs before there is a program, on the system's Python."""
