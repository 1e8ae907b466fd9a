"""What this program is measured by; not part of it."""
