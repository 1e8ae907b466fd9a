"""What a terminal is shown: colours, and a line for each layer that is being worked on."""

from layer_builder.terminal.terminal_console import TerminalConsole, shows_live_lines

__all__ = ["TerminalConsole", "shows_live_lines"]
