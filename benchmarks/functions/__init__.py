"""Functions as users of well-known packages write them, answered before and after the tool."""
