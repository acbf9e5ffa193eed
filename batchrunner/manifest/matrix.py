"""Matrix: axes with values become combinations."""

from collections.abc import Iterator, Mapping
from itertools import product

from batchrunner.manifest import keys, nodes
from batchrunner.problems import Code, Problem, Problems, nearest

Combination = Mapping[str, nodes.Node]

_HINT = "write `matrix: {angle: [left, right], light: [day, night]}`"
MOST_COMBINATIONS = 50_000


def axes_of(node: nodes.Mapping) -> dict[str, nodes.Node]:
    """The axes: every key but `include` and `exclude`."""
    return {name: entry.node for name, entry in node.entries.items() if name not in {"include", "exclude"}}


def combinations(node: nodes.Mapping, problems: Problems) -> list[Combination] | None:
    """All combinations, the first axis slowest, without the excluded and with the included ones.

    None where the matrix has problems.
    """
    found = Problems()
    axes = {name: _values(name, axis, found) for name, axis in axes_of(node).items()}
    if not axes:
        found.add(Problem(Code.BAD_MATRIX, node.place, "the matrix has no axis", _HINT, "matrix"))
    excluded = list(_entries(node, "exclude", axes, found))
    included = list(_entries(node, "include", axes, found))
    for entry in included:
        missing = [name for name in axes if name not in entry.entries]
        if missing:
            said = f"`include` must name every axis: {', '.join(missing)} is missing"
            found.add(Problem(Code.BAD_MATRIX, entry.place, said, _HINT, "matrix"))
    if _size(axes) > MOST_COMBINATIONS:
        said = f"the matrix has {_size(axes):,} combinations; at most {MOST_COMBINATIONS:,} are taken"
        found.add(Problem(Code.TOO_MANY, node.place, said, "leave values out, or split the manifest", "matrix"))
    problems.extend(found.in_order())
    return None if found.errors() else [*_kept(axes, excluded), *(_as_combination(entry) for entry in included)]


def _values(name: str, axis: nodes.Node, problems: Problems) -> tuple[nodes.Node, ...]:
    items = axis.items if isinstance(axis, nodes.Sequence) else ()
    if items and all(isinstance(item, nodes.Scalar) and item.value is not None for item in items):
        return items
    said = f"the axis `{keys.shortened(name)}` must be a list of values"
    problems.add(Problem(Code.BAD_MATRIX, axis.place, said, _HINT, "matrix"))
    return ()


def _entries(node: nodes.Mapping, key: str, axes: Mapping[str, object], problems: Problems) -> Iterator[nodes.Mapping]:
    """The entries of `include` or `exclude`: each names axes, with one value each."""
    entry = node.entries.get(key)
    if entry is None:
        return
    items = entry.node.items if isinstance(entry.node, nodes.Sequence) else (entry.node,)
    for item in items:
        if not isinstance(item, nodes.Mapping) or not item.entries:
            said = f"`{key}` must be a list of axes with values"
            problems.add(Problem(Code.BAD_MATRIX, item.place, said, f"write `{key}: [{{angle: left}}]`", "matrix"))
            continue
        known = [_is_axis(name, cell, axes, problems) for name, cell in item.entries.items()]
        if all(known):
            yield item


def _is_axis(name: str, cell: nodes.Entry, axes: Mapping[str, object], problems: Problems) -> bool:
    if name not in axes:
        near = nearest(name, axes)
        said = f"the matrix has no axis `{keys.shortened(name)}`"
        hint = f"did you mean `{near}`?" if near else f"its axes: {', '.join(axes)}"
        problems.add(Problem(Code.BAD_MATRIX, cell.place, said, hint, "matrix"))
        return False
    if isinstance(cell.node, nodes.Scalar) and cell.node.value is not None:
        return True
    said = f"`{keys.shortened(name)}` must be one value, not {keys.described(cell.node)}"
    problems.add(Problem(Code.BAD_MATRIX, cell.node.place, said, None, "matrix"))
    return False


def _size(axes: Mapping[str, tuple[nodes.Node, ...]]) -> int:
    size = 1
    for values in axes.values():
        size *= len(values)
    return size


def _kept(axes: Mapping[str, tuple[nodes.Node, ...]], excluded: list[nodes.Mapping]) -> Iterator[Combination]:
    for values in product(*axes.values()):
        combination = dict(zip(axes, values, strict=True))
        if not any(_matches(combination, entry) for entry in excluded):
            yield combination


def _matches(combination: Combination, entry: nodes.Mapping) -> bool:
    return all(_same(combination[name], cell.node) for name, cell in entry.entries.items())


def _same(one: nodes.Node, other: nodes.Node) -> bool:
    return (
        isinstance(one, nodes.Scalar) and isinstance(other, nodes.Scalar) and keys.text_of(one) == keys.text_of(other)
    )


def _as_combination(entry: nodes.Mapping) -> Combination:
    return {name: cell.node for name, cell in entry.entries.items()}
