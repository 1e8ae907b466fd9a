"""What a change of requirements would come to, from estimates before and after. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from layer_builder.forecast import LayerEstimate
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.licences import licence_problems
from layer_builder.model import Package, StackWeight, Weight


class Fit(StrEnum):
    """Whether limits are kept, as far as an estimate can tell."""

    FITS = "fits"
    MAY_FIT = "may not fit"
    """Over a limit, by less than the error."""
    CANNOT_FIT = "cannot fit"


@dataclass(frozen=True, kw_only=True)
class PackageChange:
    """A distribution that would come, go, or have another version."""

    name: str
    before: str | None
    """Its version; None where it is not there."""
    after: str | None
    bytes: int
    """Unzipped, kept after pruning; less than 0 where it goes or shrinks."""


@dataclass(frozen=True, kw_only=True)
class WeighedChange:
    """A layer before and after."""

    before: LayerEstimate
    after: LayerEstimate

    @property
    def packages(self) -> tuple[PackageChange, ...]:
        """The distributions that differ, those that come first."""
        old, new = _by_name(self.before), _by_name(self.after)
        changes = [
            PackageChange(
                name=name,
                before=old[name].version if name in old else None,
                after=new[name].version if name in new else None,
                bytes=(new[name].bytes_kept if name in new else 0)
                - (old[name].bytes_kept if name in old else 0),
            )
            for name in sorted(old.keys() | new.keys())
            if name not in old or name not in new or old[name].version != new[name].version
        ]
        return tuple(sorted(changes, key=lambda one: (one.before is not None, -one.bytes)))

    @property
    def denied(self) -> tuple[str, ...]:
        """Say what it would bring whose licence its policy does not let in."""
        brought = [one for one in self.after.licences if one.name in self._brought]
        problems = licence_problems(self.after.layer, brought)
        return tuple(problem.message for problem in problems)

    @property
    def unchecked(self) -> tuple[str, ...]:
        """Name what it would bring whose licence nobody can tell before a build."""
        return tuple(one for one in self.after.unlicensed if one in self._brought)

    @property
    def _brought(self) -> frozenset[str]:
        # What could not be read at all is in no list of packages.
        named = {one.name for one in self.packages if one.after is not None}
        return frozenset(named | set(self.after.unlicensed) - set(self.before.unlicensed))

    @property
    def verdict(self) -> Fit:
        """Whether the layer alone keeps its limits."""
        if self.after.cannot_fit:
            return Fit.CANNOT_FIT
        is_over = any(reading.is_over for reading in self.after.readings)
        return Fit.MAY_FIT if is_over else Fit.FITS

    @property
    def shares(self) -> tuple[float, float]:
        """The share before and after of the limit that it then comes closest to."""
        kind = self.after.tightest.limit.kind
        (before,) = (one.share for one in self.before.readings if one.limit.kind == kind)
        return before, self.after.tightest.share

    @property
    def grows(self) -> Weight:
        """The bytes that it gains."""
        return Weight(
            zip_bytes=self.after.weight.zip_bytes - self.before.weight.zip_bytes,
            unzipped_bytes=self.after.weight.unzipped_bytes - self.before.weight.unzipped_bytes,
        )


@dataclass(frozen=True, kw_only=True)
class FunctionChange:
    """A function before and after."""

    before: StackWeight
    after: StackWeight
    least: StackWeight
    """After, at the least that its layers may weigh."""

    @property
    def verdict(self) -> Fit:
        """Whether its sum keeps the limit."""
        if self.least.reading.is_over:
            return Fit.CANNOT_FIT
        return Fit.MAY_FIT if self.after.reading.is_over else Fit.FITS


@dataclass(frozen=True, kw_only=True)
class TrialOption:
    """What a layer's change would come to."""

    key: str
    """The layer that would ask for it."""
    layers: tuple[WeighedChange, ...] = ()
    """Those that differ; with `requires:` also others than its own."""
    functions: tuple[FunctionChange, ...] = ()
    """Those that load one of them."""
    refused: str = ""
    """Why there would be no such layer."""

    @property
    def verdict(self) -> Fit:
        """The worst of its parts."""
        order = list(Fit)
        parts = [one.verdict for one in self.layers] + [one.verdict for one in self.functions]
        parts += [Fit.CANNOT_FIT] if self.refused else []
        return max(parts, key=order.index, default=Fit.FITS)


def compare(
    key: str,
    before: Mapping[str, LayerEstimate],
    after: Mapping[str, LayerEstimate],
    functions: Iterable[FunctionChange],
) -> TrialOption:
    """Tell what differs, of layers by their ids."""
    layers = tuple(
        change
        for layer_id, estimate in after.items()
        if (change := WeighedChange(before=before[layer_id], after=estimate)).packages
    )
    touched = {change.after.layer.id for change in layers}
    return TrialOption(
        key=key,
        layers=layers,
        functions=tuple(
            one for one in functions if touched & {layer.id for layer in one.after.stack.layers}
        ),
    )


def best_options(options: Sequence[TrialOption]) -> list[TrialOption]:
    """Choose where to put it: a layer that fits, where the least bytes come to functions, then to layers.

    Several where these are alike, that with the most room first; none where no layer can have it.
    """
    order = list(Fit)
    possible = [one for one in options if one.verdict is not Fit.CANNOT_FIT]

    def cost(option: TrialOption) -> tuple[int, int, int]:
        grown = sum(one.after.used - one.before.used for one in option.functions)
        layers = sum(one.grows.unzipped_bytes for one in option.layers)
        return order.index(option.verdict), grown, layers

    least = min(map(cost, possible), default=None)
    alike = [one for one in possible if cost(one) == least]
    return sorted(alike, key=lambda one: max((item.shares[1] for item in one.layers), default=0.0))


def _by_name(estimate: LayerEstimate) -> dict[str, Package]:
    return {package.name: package for package in estimate.packages}
