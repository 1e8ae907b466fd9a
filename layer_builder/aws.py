"""The only door to AWS: sessions and clients of a region, failures told in our reader's words."""

import contextlib
import os
from collections.abc import Iterator
from functools import cache
from typing import Any

import boto3
import botocore.config
import botocore.exceptions

from layer_builder import aws_errors
from layer_builder.errors import LayerBuilderError
from layer_builder.layer import Built

READ_TIMEOUT = "LAYER_BUILDER_READ_TIMEOUT"
"""Seconds to wait for an answer; publishing 250 MiB takes AWS more than botocore's 60."""


class Aws:
    """AWS in one region."""

    def __init__(self, region: str) -> None:
        """Make a session; nothing is sent yet. Raises AwsError when there are no credentials."""
        self.region = region
        with self.translated(None):
            self._session = boto3.session.Session(region_name=region)
        self._require_credentials()

    def client(self, service: Any, attempts: int) -> Any:  # noqa: ANN401 (boto3 makes its classes at run time)
        """Make a client that tries each call so many times."""
        config = botocore.config.Config(
            connect_timeout=10,
            read_timeout=float(os.environ.get(READ_TIMEOUT) or 300),
            retries={"mode": "standard", "total_max_attempts": attempts},
            user_agent_extra="layer-builder",
        )
        return self._session.client(service, config=config)

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
        except (
            botocore.exceptions.ClientError,
            botocore.exceptions.BotoCoreError,
            boto3.exceptions.Boto3Error,
        ) as error:
            raise aws_errors.translate(error, built, self.region) from error


@cache
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
    """
    from moto import mock_aws  # noqa: PLC0415 (half a second, and installed only for the sandbox)

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
