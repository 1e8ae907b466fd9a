"""The only door to AWS: sessions and clients of a region, failures told in our reader's words."""

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import boto3
import botocore.exceptions

from layer_builder.aws import errors, transport
from layer_builder.aws.retry import RetryState
from layer_builder.errors import Failure, LayerBuilderError, ManifestError
from layer_builder.model.build import Built

READ_TIMEOUT = "LAYER_BUILDER_READ_TIMEOUT"
"""Seconds to wait for an answer; publishing 250 MiB takes AWS more than botocore's 60."""


PATIENCE = "LAYER_BUILDER_PATIENCE"
"""Factor on all waits between tries; 1 unless said otherwise."""


_CONNECTIONS = 32


_T = TypeVar("_T")


class Aws:
    """AWS in one region."""

    def __init__(self, region: str, *, paced: bool = True) -> None:
        """Make a session; nothing is sent yet. Raises AwsError when there are no credentials.

        Calls to Lambda keep a pace that all of the process share, unless `paced` is false.
        """
        self.region = region
        self._paced = paced
        self._patience = float(os.environ.get(PATIENCE) or 1)
        self._clients: dict[tuple[Any, int], Any] = {}
        self._lock = threading.Lock()
        with self.translated(None):
            self._session = boto3.session.Session(region_name=region)
        self._require_credentials()

    @property
    def partition(self) -> str:
        """The partition of the region, as ARNs begin with it."""
        with self.translated(None):
            return str(self._session.get_partition_for_region(self.region))

    def client(self, service: Any, attempts: int = 1) -> Any:  # noqa: ANN401 (boto3 makes its classes at run time)
        """Give the client of a service, the same to all threads; it tries each call so many times.

        Answers cut short or garbled raise `aws_errors.GarbledError`, where botocore would take
        them for empty ones.
        """
        with self._lock:
            if (service, attempts) not in self._clients:
                self._clients[service, attempts] = self._connect(service, attempts)
            return self._clients[service, attempts]

    def _connect(self, service: Any, attempts: int) -> Any:  # noqa: ANN401 (the same)
        config = botocore.config.Config(
            connect_timeout=10,
            read_timeout=float(os.environ.get(READ_TIMEOUT) or 300),
            retries={"mode": "standard", "total_max_attempts": attempts},
            max_pool_connections=_CONNECTIONS,
            user_agent_extra="layer-builder",
        )
        made = self._session.client(service, config=config)
        transport.watch(made, transport.gate(self.region) if self._paced else None)
        return made

    def repeated(self, call: Callable[[], _T]) -> _T:
        """Make a call that may be made twice, until it is answered or refused.

        Raises what botocore raises, when patience is at its end.
        """
        state = RetryState()
        while True:
            try:
                return call()
            except errors.FAILURES as error:
                if not self.may_repeat(state, errors.classify(error)):
                    raise

    def may_repeat(self, state: RetryState, failure: Failure) -> bool:
        """Wait before another call; False when there is to be none."""
        seconds = state.pause(failure, transport.jitter())
        if seconds is None:
            return False
        self.wait(seconds)
        return True

    def wait(self, seconds: float) -> None:
        """Wait, as long as the caller's patience makes of it."""
        transport.sleep(seconds * self._patience)

    def _require_credentials(self) -> None:
        with self.translated(None):
            if self._session.get_credentials() is None:
                raise botocore.exceptions.NoCredentialsError

    @contextlib.contextmanager
    def translated(self, built: Built | None) -> Iterator[None]:
        """Raise what AWS refuses as an error of ours; `built` is the layer it is about."""
        try:
            yield
        except LayerBuilderError:
            raise
        except errors.FAILURES as error:
            raise errors.translate(error, built, self.region) from error


def offline_client(service: Any, region: str) -> Any:  # noqa: ANN401 (boto3 makes its classes at run time)
    """Make a client that is to build requests, and never to send one."""
    session = boto3.session.Session("unused", "unused", region_name=region)
    return session.client(service, endpoint_url="http://localhost:9")


def default_region() -> str | None:
    """Name the region that the caller's environment or AWS profile sets, if any."""
    # AWS_REGION is what every other SDK reads, and what a workflow sets; boto3 does not.
    named = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if named:
        return named
    try:
        return boto3.session.Session().region_name
    except botocore.exceptions.BotoCoreError:
        return None


@contextlib.contextmanager
def sandbox() -> Iterator[None]:
    """Answer all AWS calls of this process from moto, in memory; nothing leaves the machine.

    The caller's own AWS settings are put away meanwhile: an endpoint among them would lead out.
    Raises ManifestError where moto is not installed.
    """
    try:
        from moto import mock_aws  # noqa: PLC0415 (half a second, and only the sandbox has it)
    except ImportError as error:
        raise ManifestError.because(
            "the sandbox needs moto: install layer-builder with its extra `sandbox`, or"
            f" `pip install 'moto[s3,ssm]'` beside it ({error})"
        ) from error

    saved = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    for name in saved:
        del os.environ[name]
    os.environ |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    try:
        with mock_aws():
            yield
    finally:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ |= saved
