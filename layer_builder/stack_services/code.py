"""What the workspace's own code asks of the AWS SDK: included in layers, or a function's."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from pathlib import Path

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import FileToInclude, SdkPolicy, Stack
from layer_builder.sdk_services import ServiceNeeds, find_services, is_code, joined_needs
from layer_builder.sources import LayerRequest
from layer_builder.stack_services.company import Company, companies_of


@dataclass(frozen=True, kw_only=True)
class CodeFinder:
    """Finds for each layer what the code that runs on it asks for."""

    code_of: Callable[[Stack], Sequence[FileToInclude]]
    """Gives the files of a function's own code."""
    shown: Callable[[Path], str]
    """Names a file of the workspace in messages."""
    _found: dict[tuple[Path, ...], ServiceNeeds] = field(default_factory=dict)
    """By the files that were read: layers share companies, targets share code."""

    def complete(
        self, requests: Sequence[LayerRequest], stacks: Sequence[Stack]
    ) -> list[LayerRequest]:
        """Add what it found to the requests that want to know."""
        by_id = {request.layer.id: request for request in requests}
        return [
            request.with_code(self._needs(request, by_id, stacks))
            if request.layer.sdk.policy is SdkPolicy.AUTO
            else request
            for request in requests
        ]

    def _needs(
        self, request: LayerRequest, requests: Mapping[str, LayerRequest], stacks: Sequence[Stack]
    ) -> ServiceNeeds:
        layers = {layer_id: other.layer for layer_id, other in requests.items()}
        companies = companies_of(request.layer, layers, stacks)
        return joined_needs([self._of_company(company, requests) for company in companies])

    def _of_company(self, company: Company, requests: Mapping[str, LayerRequest]) -> ServiceNeeds:
        function = company.function
        files: list[FileToInclude] = []
        for layer in company.layers:
            files += requests[layer.id].files.files if layer.id in requests else ()
        unseen = []
        if function:
            files += self.code_of(function)
            unseen += [
                f"function {function.key} loads {external.arn}, which cannot be read here"
                for external in function.external
            ]
        sources = [file.source for file in files if is_code(file.path)]
        if function and not sources:
            unseen.append(f"function {function.key} has no code here that could be read")
        found = self._read(sources)
        return joined_needs([found, ServiceNeeds(unseen=tuple(unseen))])

    def _read(self, sources: Iterable[Path]) -> ServiceNeeds:
        paths = tuple(sorted(set(sources)))
        if paths not in self._found:
            self._found[paths] = find_services(
                {self.shown(path): path.read_bytes() for path in paths}
            )
        return self._found[paths]
