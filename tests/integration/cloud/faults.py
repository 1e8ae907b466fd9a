"""The ways in which a call to AWS goes wrong."""

from dataclasses import dataclass
from enum import StrEnum

from .answers import Answer, refusal
from .calls import Call


class Fault(StrEnum):
    """What happens at a call, in the words of the table in docs/reliability.md."""

    THROTTLED = "429"
    INTERNAL = "500"
    UNAVAILABLE = "503"
    EXPIRED = "expired token"
    RESET_BEFORE = "reset before"
    """The connection is reset; the request was read and not handed on."""
    RESET_AFTER = "reset after"
    """The server has acted; its answer is thrown away and the connection reset."""
    TIMEOUT_AFTER = "timeout after"
    """The server has acted; its answer is withheld until the client gives up."""
    TRUNCATED = "truncated"
    """The server has acted; half of its answer comes, then the connection is closed."""
    MALFORMED = "malformed"
    """The server has acted; the answer is 200 and nonsense."""
    TRICKLE = "trickle"
    """The answer comes a few bytes at a time, and comes whole."""
    REFUSED = "refused"
    """This call is answered; after it nothing listens."""
    AWAY = "refused for a moment"
    """This call is answered; after it nothing listens for 0.3 s."""
    KILL_BEFORE = "kill -9 before"
    """The program is killed; the request was read and not handed on."""
    KILL_AFTER = "kill -9 after"
    """The server has acted; then the program is killed."""


_REFUSALS: dict[Fault, dict[str, tuple[int, str, str]]] = {
    Fault.THROTTLED: {
        "lambda": (429, "TooManyRequestsException", "Rate exceeded"),
        "s3": (503, "SlowDown", "Please reduce your request rate."),
        "ssm": (400, "ThrottlingException", "Rate exceeded"),
        "sts": (400, "Throttling", "Rate exceeded"),
    },
    Fault.INTERNAL: {
        "lambda": (500, "ServiceException", "An error occurred"),
        "s3": (500, "InternalError", "We encountered an internal error. Please try again."),
        "ssm": (500, "InternalServerError", "An error occurred on the server side."),
        "sts": (500, "InternalFailure", "The request processing has failed."),
    },
    Fault.UNAVAILABLE: {
        "lambda": (503, "ServiceUnavailableException", "Service is unavailable"),
        "s3": (503, "ServiceUnavailable", "Service is unable to handle request."),
        "ssm": (503, "ServiceUnavailable", "Service is unavailable"),
        "sts": (503, "ServiceUnavailable", "Service is unavailable"),
    },
    Fault.EXPIRED: {
        "lambda": (
            403,
            "ExpiredTokenException",
            "The security token included in the request is expired",
        ),
        "s3": (400, "ExpiredToken", "The provided token has expired."),
        "ssm": (
            400,
            "ExpiredTokenException",
            "The security token included in the request is expired",
        ),
        "sts": (403, "ExpiredToken", "The security token included in the request is expired"),
    },
}
"""Status, code and text by service. Only Lambda says 429; S3 says 503, JSON and query say 400."""


def refused(call: Call, fault: Fault) -> Answer | None:
    """Give the refusal that a fault consists of, None for those that are no answer."""
    by_service = _REFUSALS.get(fault)
    return refusal(call, *by_service[call.service]) if by_service else None


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """A fault, and the calls that it hits: the nth of an operation, and how many from there on."""

    fault: Fault
    operation: str
    nth: int = 1
    """Counted from 1, over all regions."""
    times: int | None = 1
    """None: for good."""
    everywhere: bool = False
    """From the nth call on all calls of all operations are hit."""

    def hits(self, operation: str, nth: int, *, begun: bool) -> bool:
        """Tell whether the nth call of an operation goes wrong."""
        if self.everywhere and begun:
            return True
        if operation != self.operation or nth < self.nth:
            return False
        return self.times is None or nth < self.nth + self.times
