"""What is lacking where a function does not start: the runtime's own, or nobody's."""

import pytest

from layer_builder.runtime.invocation import Fault, InvocationResult

SDK = frozenset({"boto3", "dateutil"})
PANDAS = "Unable to import required dependencies:\ndateutil: No module named 'dateutil'"


@pytest.mark.parametrize(
    ("fault", "lacks"),
    [
        (Fault(kind="ModuleNotFoundError", text="", lacks=("dateutil.parser", None)), True),
        (Fault(kind="ImportError", text=PANDAS), True),
        (Fault(kind="ImportError", text="No module named 'dateutils'"), False),
        (Fault(kind="ImportError", text="dateutil"), False),
    ],
)
def test_what_a_fault_lacks_is_read_from_its_words_too(fault: Fault, *, lacks: bool) -> None:
    assert InvocationResult(fault=fault).lacks_any_of(SDK) is lacks
