"""What the target's own Python runs, handed over as text."""
