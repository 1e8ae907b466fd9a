"""Sessions and clients of a region: calls made until they are answered, failures told in our words."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field
from typing import Any, TypeVar

import boto3
import botocore.config
import botocore.exceptions
import botocore.loaders
import botocore.session

from layer_builder.aws import errors, transport
from layer_builder.aws.retry import RetryState
from layer_builder.aws.transport import Client
from layer_builder.errors import AwsError, Failure, LayerBuilderError, ManifestError
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Caller, Releasable
from layer_builder.refusals import home_region, region_mistake, secret_letter, setting_letter

# More threads than connections would wait for one another; botocore keeps 10:
# https://botocore.amazonaws.com/v1/documentation/api/latest/reference/config.html
_CONNECTIONS = 32


_T = TypeVar("_T")


@dataclass(kw_only=True)
class KnownCaller:
    """Who the credentials are of: asked once, for all regions."""

    caller: Caller | None = None
    asking: threading.Lock = field(default_factory=threading.Lock)


class Aws:
    """AWS in one region."""

    def __init__(
        self,
        region: str,
        *,
        paced: bool = True,
        known: KnownCaller | None = None,
        profile: str = "",
    ) -> None:
        """Make a session; nothing is sent yet. Raises AwsError when there are no credentials.

        Calls to Lambda keep a pace that all of the process share, unless `paced` is false. Raises
        ManifestError where a variable of ours holds no number.
        """
        self.region = region
        self._paced = paced
        self._patience = transport.number(transport.PATIENCE, default=1.0, least=0.0)
        self._read_timeout = transport.number(transport.READ_TIMEOUT, default=300.0, least=0.001)
        self._clients: dict[tuple[str, int], Client] = {}
        # Clients may be shared by threads; making one by a session may not:
        # https://github.com/boto/boto3/issues/1592
        self._lock = threading.Lock()
        self._known = known or KnownCaller()
        with self.translated(None):
            self._session = _make_session(region, profile)
            self._require_credentials()

    @property
    def account(self) -> str:
        """The account of the credentials, 12 digits. Raises AwsError."""
        return self.caller.account

    @property
    def caller(self) -> Caller:
        """Who the credentials are of. Raises AwsError.

        Asking for it takes no permission, and none can be denied:
        https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
        """
        with self._known.asking:
            if self._known.caller is None:
                with self.translated(None):
                    self._known.caller = self._ask_who()
            return self._known.caller

    def _ask_who(self) -> Caller:
        """Ask this region, and if it does not know the credentials, one that all accounts have."""
        try:
            return self._asked_in(self.region)
        except botocore.exceptions.ClientError as error:
            home = home_region(self._known_partition() or "aws")
            if not errors.is_unknown_here(error) or home in {"", self.region}:
                raise
            try:
                return self._asked_in(home)
            except transport.FAILURES:
                raise error from None

    def _asked_in(self, region: str) -> Caller:
        sts = self._connect("sts", 1, region)

        def ask() -> Caller:
            with transport.readable("GetCallerIdentity"):
                answer = sts.get_caller_identity()
                return Caller(account=str(answer["Account"]), arn=str(answer.get("Arn") or ""))

        return self.repeated(ask)

    def require_reachable(self) -> None:
        """Ask the region something; raises AwsError where nobody answers."""
        with self.translated(None):
            self._asked_in(self.region)

    @property
    def partition(self) -> str:
        """The partition of the region, as ARNs begin with it."""
        return self._known_partition() or self.caller.partition

    def _known_partition(self) -> str:
        """Look the partition up; empty where botocore's data has no such region."""
        try:
            return str(self._session.get_partition_for_region(self.region))
        except botocore.exceptions.BotoCoreError:
            return ""

    def client(self, service: str, attempts: int = 1) -> Client:
        """Give the client of a service, the same to all threads; it tries each call so many times.

        Answers cut short or garbled raise `transport.GarbledError`, where botocore would take
        them for empty ones.
        """
        with self._lock:
            if (service, attempts) not in self._clients:
                self._clients[service, attempts] = self._connect(service, attempts, self.region)
            return self._clients[service, attempts]

    def _connect(self, service: str, attempts: int, region: str) -> Client:
        config = botocore.config.Config(
            connect_timeout=10,
            read_timeout=self._read_timeout,
            # Of itself botocore sends again what timed out, and so has done it twice:
            # https://github.com/boto/boto3/issues/1104, https://github.com/boto/botocore/issues/1768
            retries={"mode": "standard", "total_max_attempts": attempts},
            max_pool_connections=_CONNECTIONS,
            user_agent_extra="layer-builder",
        )
        with self.translated(None), transport.making_client():
            client = _make_client(self._session, service, region_name=region, config=config)
        # Credentials are had, and had anew, when a request is signed: whatever then goes wrong with
        # them is seen here first. https://github.com/boto/botocore/blob/develop/botocore/signers.py
        client.meta.events.register("before-sign", lambda **_: self._require_credentials())
        gate = transport.gate(self.region) if self._paced else None
        transport.watch(client, gate, lambda: self.account)
        return client

    def repeated(self, call: Callable[[], _T]) -> _T:
        """Make a call that may be made twice, until it is answered or refused.

        Raises what botocore raises, when patience is at its end.
        """
        state = RetryState()
        while True:
            try:
                return call()
            except transport.FAILURES as error:
                if not self.may_repeat(state, transport.classify(error)):
                    raise

    def listed(
        self,
        operation: str,
        call: Callable[..., Any],
        items: Callable[[Mapping[str, Any]], list[_T]],
        **parameters: str,
    ) -> list[_T]:
        """Read a list of Lambda's, page by page; `items` takes what is wanted out of a page.

        Raises what botocore raises, and GarbledError for a page that `items` cannot read.
        """

        # Not by botocore's paginators: they are generators, which an error ends for good, so that a
        # page could not be asked for again (https://peps.python.org/pep-0255/).
        def page() -> tuple[list[_T], str]:
            with transport.readable(operation):
                answer = call(**parameters)
                return items(answer), answer.get("NextMarker") or ""

        entries: list[_T] = []
        while True:
            some, marker = self.repeated(page)
            entries += some
            if not marker:
                return entries
            parameters["Marker"] = marker

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
        with transport.looking_for_credentials():
            credentials = self._session.get_credentials()
            if credentials is None:
                raise botocore.exceptions.NoCredentialsError
            frozen = credentials.get_frozen_credentials()
        values = (frozen.access_key, frozen.secret_key, frozen.token)
        if problem := secret_letter(values, os.environ, str(credentials.method)):
            raise AwsError(problem)

    @contextmanager
    def translated(self, built: Releasable | None) -> Iterator[None]:
        """Raise what AWS refuses as an error of ours; `built` is the layer it is about."""
        try:
            yield
        except LayerBuilderError:
            raise
        except transport.FAILURES as error:
            raise errors.translate(error, built, self.region, self._known.caller) from error


def _make_session(region: str, profile: str) -> boto3.session.Session:
    """Make a session; one of a profile has its credentials, whatever the environment has.

    Raises AwsError for settings that cannot be used.
    """
    core = botocore.session.get_session()
    try:
        session = boto3.session.Session(
            region_name=region, profile_name=profile or None, botocore_session=core
        )
    except botocore.exceptions.ProfileNotFound as error:
        if not profile:
            raise
        raise AwsError.because(
            f"there is no AWS profile {profile!r}",
            details=(str(error),),
            advice=("the input source-profile names it",),
        ) from None
    if problem := setting_letter(os.environ, core.get_scoped_config(), os.path.exists):
        raise AwsError(problem)
    return session


def _make_client(session: boto3.session.Session, service: str, **options: object) -> Client:
    # The stub of `client` takes the services by name, and only those that have a stub of their own.
    client: Callable[..., Client] = session.client
    return client(service, **options)


def known_regions() -> tuple[str, ...]:
    """List the regions that botocore knows Lambda in, of all partitions; reads no config."""
    data = botocore.loaders.create_loader().load_data("endpoints")
    return tuple(
        region
        for partition in data["partitions"]
        for region in partition["services"].get("lambda", {}).get("endpoints", ())
        if region in partition["regions"]
    )


def default_region() -> str | None:
    """Name the region that the caller's environment or AWS profile sets, if any.

    Raises ManifestError where it is none, AwsError where there is no such profile, or no reading
    the config file.
    """
    # AWS_REGION is what every other SDK reads, and what a workflow sets; boto3 does not:
    # https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        if named := os.environ.get(name, "").strip():
            return _spelt_right(named, name)
    try:
        configured = boto3.session.Session().region_name
    except botocore.exceptions.BotoCoreError as error:
        raise errors.translate(error, None, "any region") from error
    named = (configured or "").strip()
    return _spelt_right(named, "region in the AWS config file") if named else None


def _spelt_right(region: str, source: str) -> str:
    """Give a region's name back. Raises ManifestError for one that is none."""
    # The names that there are take a while to load.
    mistaken = region_mistake(region, ()) is not None
    near = region_mistake(region, known_regions()) if mistaken else None
    if near is None:
        return region
    means = f"did you mean {' or '.join(near)}?" if near else "such as eu-west-1"
    raise ManifestError.because(
        f"{region!r} is not a region of AWS", advice=(f"{source} names it; {means}",)
    )
