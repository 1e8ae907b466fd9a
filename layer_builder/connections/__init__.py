"""What connections go by, whoever makes them: trusted authorities, proxies, and words for what fails."""

from layer_builder.connections.certificates import trust
from layer_builder.connections.letters import connection_advice, connection_letter
from layer_builder.connections.proxies import masked_problem

__all__ = ["connection_advice", "connection_letter", "masked_problem", "trust"]
