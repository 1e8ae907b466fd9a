"""What code needs of the SDK: the services that it names, with the line; what nobody can tell."""

from collections.abc import Collection, Iterable

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import ServiceUse

CREDENTIAL_SERVICES = frozenset({"sts", "sso", "sso-oidc", "signin"})
"""What botocore itself asks for to get credentials, whatever the code does: web identity and
assumed roles, IAM Identity Center, `aws login` (botocore/credentials.py and tokens.py)."""

_ALIASES = {"runtime.sagemaker": "sagemaker-runtime"}
"""SERVICE_NAME_ALIASES of botocore/utils.py: names of clients that are not those of the data."""


@dataclass(frozen=True, kw_only=True, order=True)
class Unreadable:
    """A call that asks for a service that cannot be read, or code that cannot be."""

    place: str
    """`file:line`."""
    text: str
    """The call, or what is wrong with the file."""


@dataclass(frozen=True, kw_only=True)
class ServiceNeeds:
    """What some code needs: compare two by `key`, which no line and no file enters."""

    uses: tuple[ServiceUse, ...] = ()
    """Each service once, sorted, with the first place that asks for it."""
    unreadable: tuple[Unreadable, ...] = ()
    unseen: tuple[str, ...] = ()
    """Code that runs on the layer and was not there to be read, in words."""

    @property
    def services(self) -> frozenset[str]:
        """The names of the services."""
        return frozenset(use.service for use in self.uses)

    @property
    def is_all(self) -> bool:
        """Whether everything must stay."""
        return bool(self.unreadable or self.unseen)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why everything must stay, in words; none where it need not."""
        return (*self.unseen, *(f"{one.place}: {one.text}" for one in self.unreadable))

    @property
    def key(self) -> list[str]:
        """What of it decides a layer's bytes."""
        return ["*"] if self.is_all else sorted(self.services - CREDENTIAL_SERVICES)

    def without(self, others: "ServiceNeeds") -> "ServiceNeeds":
        """Leave out the services that others need anyway."""
        uses = tuple(use for use in self.uses if use.service not in others.services)
        return ServiceNeeds(uses=uses, unreadable=self.unreadable, unseen=self.unseen)


def joined_needs(parts: Iterable[ServiceNeeds]) -> ServiceNeeds:
    """Put together what several need; the first to ask for a service is the one that is told."""
    uses: dict[str, ServiceUse] = {}
    unreadable: dict[Unreadable, None] = {}
    unseen: dict[str, None] = {}
    for part in parts:
        for use in part.uses:
            uses.setdefault(use.service, use)
        unreadable |= dict.fromkeys(part.unreadable)
        unseen |= dict.fromkeys(part.unseen)
    return ServiceNeeds(
        uses=tuple(uses[service] for service in sorted(uses)),
        unreadable=tuple(unreadable),
        unseen=tuple(unseen),
    )


def service_of(name: str) -> str:
    """Give the name of the folder that has the data of a client's service."""
    return _ALIASES.get(name, name)


def needed_data(needs: ServiceNeeds, known: Collection[str]) -> frozenset[str]:
    """Choose of the services that there are those whose data stays."""
    return frozenset(known) & (needs.services | CREDENTIAL_SERVICES)
