"""What lies between botocore and the network: answers checked for being whole, calls kept to a pace."""

import json
import random
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from layer_builder.aws.errors import GarbledError
from layer_builder.aws.retry import THROTTLES, RateLimit
from layer_builder.timing import now

_dice = random.SystemRandom()


def jitter() -> float:
    """Roll the dice: from 0 to 1."""
    return _dice.random()


def sleep(seconds: float) -> None:
    """Wait."""
    if seconds > 0:
        time.sleep(seconds)


class RateGate:
    """Lets the calls of all threads through at a common pace."""

    def __init__(self) -> None:
        """Open at full pace."""
        self._pace = RateLimit()
        self._lock = threading.Lock()

    def enter(self) -> None:
        """Wait for one's turn."""
        with self._lock:
            seconds = self._pace.slot(now())
        sleep(seconds)

    def heard(self, *, throttled: bool) -> None:
        """Take note of how a call was answered."""
        with self._lock:
            if throttled:
                self._pace.slower(now())
            else:
                self._pace.faster()


_gates: dict[str, RateGate] = {}


_gates_lock = threading.Lock()


def gate(region: str) -> RateGate:
    """Give the gate of a region: AWS counts the calls of all clients together."""
    with _gates_lock:
        return _gates.setdefault(region, RateGate())


class ByteBudget:
    """Room for so many bytes at a time, shared by all threads: memory stays flat."""

    def __init__(self, size: int) -> None:
        """Begin with all of `size` bytes free."""
        self._size = size
        self._free = size
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, size: int) -> Iterator[None]:
        """Wait until there is room, and hold it; what is larger than the whole room takes it all."""
        wanted = min(size, self._size)
        with self._changed:
            self._changed.wait_for(lambda: self._free >= wanted)
            self._free -= wanted
        try:
            yield
        finally:
            with self._changed:
                self._free += wanted
                self._changed.notify_all()


_ERRORS = 300


_TOO_MANY = 429


def watch(client: Any, gate: RateGate | None) -> None:  # noqa: ANN401 (boto3 makes its classes at run time)
    """Check what the client is answered; calls to Lambda go through the gate."""
    events, service = client.meta.events, client.meta.service_model.service_id.hyphenize()
    events.register(f"before-parse.{service}", _check)
    if gate and service == "lambda":
        events.register(f"before-send.{service}", lambda **_: gate.enter())
        events.register(
            f"response-received.{service}",
            lambda parsed_response, **_: gate.heard(throttled=_is_throttled(parsed_response)),
        )


def _is_throttled(parsed: Mapping[str, Any] | None) -> bool:
    if parsed is None:
        return False
    status = parsed.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status == _TOO_MANY or parsed.get("Error", {}).get("Code") in THROTTLES


def _check(operation_model: Any, response_dict: Mapping[str, Any], **_: object) -> None:  # noqa: ANN401 (botocore's)
    """Raise GarbledError for an answer that is not whole."""
    body, status = response_dict["body"], response_dict["status_code"]
    if not isinstance(body, bytes):
        return
    operation = operation_model.name

    announced = response_dict["headers"].get("content-length", "")
    is_head = operation_model.http.get("method") == "HEAD"
    if announced.isdigit() and int(announced) != len(body) and not is_head:
        raise GarbledError(
            operation=operation, why=f"{len(body)} of {announced} bytes of it arrived"
        )
    shape = operation_model.output_shape
    if "json" not in operation_model.service_model.resolved_protocol:
        return
    if status < _ERRORS and not body and not (shape and shape.members):
        return
    try:
        parsed = json.loads(body) if body or status < _ERRORS else {}
    except ValueError as error:
        # An error page of whatever stands between is no JSON, and has its status for an answer.
        if status >= _ERRORS:
            return
        raise GarbledError(operation=operation, why=str(error)) from error
    if not isinstance(parsed, dict):
        raise GarbledError(operation=operation, why="it is no JSON object")
