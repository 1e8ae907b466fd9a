"""What ends a step of a release: with what happened, and what to do."""


class RefusedError(Exception):
    """A release that must not go on; nothing was changed by the step that raises it."""
