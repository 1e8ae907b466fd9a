"""The order: a recipe with the files at hand to make it from."""

from dataclasses import dataclass, field, replace

from layer_builder import archive
from layer_builder.layer import Layer
from layer_builder.recipe import Ingredient, Recipe
from layer_builder.requirements import Requirements
from layer_builder.workspace import Collection


@dataclass(frozen=True, kw_only=True)
class Order:
    """One build that one or more layers share."""

    recipe: Recipe
    files: Collection = field(default_factory=Collection)

    @property
    def layer(self) -> Layer:
        """The layer it is made for first."""
        return self.recipe.layer

    def resolved_with(self, together: Requirements) -> "Order":
        """Note what all the layers ask for that have to agree with this one."""
        return replace(self, recipe=replace(self.recipe, together=together))


def order(
    layer: Layer, requirements: Requirements, files: Collection, *, through_s3: bool = False
) -> Order:
    """Write the recipe of a layer; reads and hashes the files to include."""
    ingredients = tuple(
        Ingredient(
            path=file.path, sha256=archive.digest_of(file.source), executable=file.executable
        )
        for file in files.files
    )
    recipe = Recipe(
        layer=layer,
        requirements=requirements,
        ingredients=ingredients,
        through_s3=through_s3,
    )
    return Order(recipe=recipe, files=files)
