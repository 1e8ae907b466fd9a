"""Programs for the target's interpreter, handed to it as text; nothing here imports them."""
