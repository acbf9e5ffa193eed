"""Matrix: axes with values become combinations."""

from collections.abc import Iterator, Mapping
from itertools import product

from batchrunner.domain.problem import Code, Problem, Problems
from batchrunner.domain.suggestions import nearest_name
from batchrunner.manifest import keys
from batchrunner.manifest.yaml import nodes

Combination = Mapping[str, nodes.Node]

_HINT = "write `matrix: {angle: [left, right], light: [day, night]}`"
MOST_COMBINATIONS = 50_000
MOST_ENTRIES = 1_000  # of `include` and of `exclude`


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
        found.add(Problem(Code.BAD_MATRIX, node.location, "the matrix has no axis", _HINT, "matrix"))
    excluded = list(_entries(node, "exclude", axes, found))
    included = list(_entries(node, "include", axes, found))
    for entry in included:
        missing = [name for name in axes if name not in entry.entries]
        if missing:
            said = f"`include` must name every axis: {keys.shortened(', '.join(missing))} is missing"
            hint = f"add `{keys.shortened(missing[0])}: …`; each entry of `include` is one more combination"
            found.add(Problem(Code.BAD_MATRIX, entry.location, said, hint, "matrix"))
    if _size(axes) > MOST_COMBINATIONS:
        said = f"the matrix has {_size(axes):,} combinations; at most {MOST_COMBINATIONS:,} are allowed"
        found.add(Problem(Code.TOO_MANY, node.location, said, "leave values out, or split the manifest", "matrix"))
    problems.extend(found.in_order())
    return None if found.errors() else [*_kept(axes, excluded), *(_as_combination(entry) for entry in included)]


def _values(name: str, axis: nodes.Node, problems: Problems) -> tuple[nodes.Node, ...]:
    items = axis.items if isinstance(axis, nodes.Sequence) else ()
    wrong = next((item for item in items if not isinstance(item, nodes.Scalar) or item.value is None), None)
    if items and wrong is None:
        return items
    said = f"the axis `{keys.shortened(name)}` must be a list of values, not {keys.described(axis)}"
    if wrong:
        said = f"a value of the axis `{keys.shortened(name)}` cannot be {keys.described(wrong)}"
    elif isinstance(axis, nodes.Sequence):
        said = f"the axis `{keys.shortened(name)}` has no values"
    problems.add(Problem(Code.BAD_MATRIX, (wrong or axis).location, said, _HINT, "matrix"))
    return ()


def _entries(node: nodes.Mapping, key: str, axes: Mapping[str, object], problems: Problems) -> Iterator[nodes.Mapping]:
    """The entries of `include` or `exclude`: each names axes, with one value each."""
    entry = node.entries.get(key)
    if entry is None:
        return
    items = entry.node.items if isinstance(entry.node, nodes.Sequence) else (entry.node,)
    if len(items) > MOST_ENTRIES:
        said = f"`{key}` has {len(items):,} entries; at most {MOST_ENTRIES:,} are allowed"
        problems.add(
            Problem(Code.TOO_MANY, entry.node.location, said, "write the jobs as rows of a CSV file", "matrix")
        )
        return
    for item in items:
        if not isinstance(item, nodes.Mapping) or not item.entries:
            said = f"`{key}` must be a list of axes with values"
            problems.add(Problem(Code.BAD_MATRIX, item.location, said, f"write `{key}: [{{angle: left}}]`", "matrix"))
            continue
        known = [_is_axis(name, cell, axes, problems) for name, cell in item.entries.items()]
        if all(known):
            yield item


def _is_axis(name: str, cell: nodes.Entry, axes: Mapping[str, object], problems: Problems) -> bool:
    if name not in axes:
        near = nearest_name(name, axes)
        said = f"the matrix has no axis `{keys.shortened(name)}`"
        hint = f"did you mean `{near}`?" if near else f"its axes: {keys.shortened(', '.join(axes))}"
        problems.add(Problem(Code.BAD_MATRIX, cell.location, said, hint, "matrix"))
        return False
    if isinstance(cell.node, nodes.Scalar) and cell.node.value is not None:
        return True
    said = f"`{keys.shortened(name)}` must be one value, not {keys.described(cell.node)}"
    hint = "write an entry for each value"
    problems.add(Problem(Code.BAD_MATRIX, cell.node.location, said, hint, "matrix"))
    return False


def _size(axes: Mapping[str, tuple[nodes.Node, ...]]) -> int:
    size = 1
    for values in axes.values():
        size *= len(values)
    return size


def _kept(axes: Mapping[str, tuple[nodes.Node, ...]], excluded: list[nodes.Mapping]) -> Iterator[Combination]:
    refused: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
    for entry in excluded:
        names = tuple(sorted(entry.entries))
        refused.setdefault(names, set()).add(_texts(_as_combination(entry), names))
    for values in product(*axes.values()):
        combination = dict(zip(axes, values, strict=True))
        if not any(_texts(combination, names) in entries for names, entries in refused.items()):
            yield combination


def _texts(combination: Combination, names: tuple[str, ...]) -> tuple[str, ...]:
    nodes_of_names = (combination[name] for name in names)
    return tuple(keys.text_of(node) for node in nodes_of_names if isinstance(node, nodes.Scalar))


def _as_combination(entry: nodes.Mapping) -> Combination:
    return {name: cell.node for name, cell in entry.entries.items()}
