"""What is logged of calls of other programs, where somebody debugs a job."""

from layer_builder.logged_calls.calls import log_call, log_end

__all__ = ["log_call", "log_end"]
