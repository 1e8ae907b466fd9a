from hypothesis import given
from hypothesis import strategies as st

from layer_builder.model import LayerFile, PrunedPart
from layer_builder.report_html.file_tree import Block, Kind, file_tree
from layer_builder.report_html.import_tree import ShownImport, import_tree
from layer_builder.report_html.treemap import Rectangle, lay_out

steps = st.lists(st.sampled_from(("a", "b", "tests", "x.py", "y.so", "pruned")), min_size=1)
paths = st.lists(steps, max_size=40, unique_by=tuple)


def made(paths_: list[list[str]], sizes: list[int]) -> list[LayerFile]:
    return [
        LayerFile(
            path="python/" + "/".join(path), size=size, checksum=size, distribution=f"d{size % 3}"
        )
        for path, size in zip(paths_, sizes, strict=False)
    ]


def leaves(block: Block) -> list[Block]:
    return [leaf for one in block.shown for leaf in leaves(one)] if block.shown else [block]


def inner(found: tuple[Rectangle, ...]) -> int:
    return sum(1 + inner(one.inside) for one in found)


@given(paths, st.lists(st.integers(0, 10**8), min_size=40, max_size=40), st.integers(0, 60))
def test_a_map_adds_up_to_the_zip_and_what_was_pruned(
    found: list[list[str]], sizes: list[int], most: int
) -> None:
    files = made(found, sizes)
    part = PrunedPart(distribution="d1", folder="a", rule="tests", files=3, bytes=500)
    tree = file_tree(files, (part,), most, "other")
    assert tree.root.size == sum(file.size for file in files) + 500
    assert sum(one.size for one in leaves(tree.root)) == tree.root.size
    assert tree.alone + tree.folded == tree.files == len(files)
    assert inner(lay_out(tree.root.shown)) <= most


def test_small_files_are_folded_and_counted() -> None:
    files = [
        LayerFile(path=f"python/p/{number}.py", size=1000 + number, checksum=1, distribution="p")
        for number in range(500)
    ]
    tree = file_tree(files, (), 1000, "other")
    assert (tree.alone, tree.folded) == (60, 440)
    (package,) = tree.root.shown
    assert (package.name, package.shown[-1].name) == ("p/p", "440 smaller files")
    assert package.shown[-1].kind is Kind.OTHER


def test_what_was_pruned_lies_in_its_distribution_apart_from_what_is_kept() -> None:
    file = LayerFile(path="python/p/a.py", size=10, checksum=1, distribution="p")
    part = PrunedPart(distribution="p", folder="p/tests", rule="tests", files=2, bytes=5)
    tree = file_tree([file], [part], 100, "other")
    (package,) = tree.root.shown
    assert [(one.name, one.kind, one.size) for one in package.shown] == [
        ("p", Kind.FOLDER, 10),
        ("pruned", Kind.PRUNED, 5),
    ]


def test_a_path_of_many_folders_does_not_end_the_run() -> None:
    deep = LayerFile(path="python/" + "a/" * 5000 + "x.py", size=5, checksum=1, distribution="p")
    tree = file_tree([deep, deep], (), 100, "other")
    assert inner(lay_out(tree.root.shown)) <= 10


@given(paths, st.lists(st.integers(1, 10**8), min_size=40, max_size=40))
def test_rectangles_lie_within_their_own(found: list[list[str]], sizes: list[int]) -> None:
    tree = file_tree(made(found, sizes), (), 500, "other")
    queue = list(lay_out(tree.root.shown))
    while queue:
        one = queue.pop()
        assert one.left >= -0.01
        assert one.left + one.width <= 100.02
        assert one.top + one.height <= 100.02
        queue += one.inside


def count(trees: list[ShownImport]) -> int:
    return sum(1 + count(one.inside) for one in trees)


def test_the_slowest_imports_are_shown_with_those_that_led_to_them() -> None:
    def module(number: int, depth: int) -> dict[str, object]:
        inside = [module(number + 1, depth - 1)] * 3 if depth else []
        return {"name": f"m{number}", "cumulative": 1 / (1 + number), "own": 0.0, "imports": inside}

    trees, hidden = import_tree([module(0, 6)], ("x",), most=50)
    assert count(trees) == 50
    assert hidden == (3**7 - 1) // 2 - 50
    assert trees[0].inside[1].own == ("x", 0, "imports", 1, "own")
