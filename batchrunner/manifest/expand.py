"""Stage 2: nodes become drafts. Each value keeps the place and the layer in which its author wrote it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from batchrunner.catalog import find, models
from batchrunner.manifest import keys, nodes
from batchrunner.manifest.keys import text_of
from batchrunner.places import Place
from batchrunner.problems import Code, Problem, Problems, nearest

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_MOST_TAKES = 100


@dataclass(frozen=True, slots=True)
class Value:
    """A value that somebody wrote, with the layer it came from: `defaults`, or `` for the job itself."""

    node: nodes.Node
    place: Place
    layer: str


@dataclass(frozen=True, slots=True)
class Draft:
    """One wanted clip, expanded but unchecked: the request fields that were written, and our own keys."""

    id: str
    take: int
    model: str
    fields: Mapping[str, Value]
    tags: tuple[str, ...]
    output: Value | None
    place: Place

    @property
    def name(self) -> str:
        """What people and files call it."""
        return self.id if self.take == 1 else f"{self.id}.{self.take}"


@dataclass(frozen=True, slots=True)
class Drafts:
    """A whole manifest, expanded but unchecked."""

    name: str
    settings: Mapping[str, nodes.Entry]
    drafts: tuple[Draft, ...]


def expand(root: nodes.Node, stem: str, problems: Problems) -> Drafts:
    """The drafts of a manifest; whatever cannot be expanded is a problem and left out."""
    if not isinstance(root, nodes.Mapping):
        said = f"a manifest is keys with values, not {keys.described(root)}"
        problems.add(Problem(Code.WRONG_TYPE, root.place, said, "begin with `version: 1` and `jobs:`"))
        return Drafts(stem, {}, ())
    top = keys.read_keys(root, keys.TOP, (), problems)
    _check_version(root, top, problems)
    name = _name(top, stem, root.place, problems)
    settings = _mapping(top, "settings")
    model = top.get("model")
    defaults = _layer(_mapping(top, "defaults"), "defaults", model, problems)
    drafts = tuple(_drafts(_jobs(root, top, problems), defaults, problems))
    return Drafts(name, keys.read_keys(settings, keys.SETTINGS, (), problems), drafts)


def _check_version(root: nodes.Mapping, top: Mapping[str, nodes.Entry], problems: Problems) -> None:
    if "version" not in root.entries:
        problems.add(Problem(Code.MISSING_KEY, root.place, "`version` is missing", "write `version: 1`", "version"))
    elif "version" in top and _scalar(top["version"]).value != 1:
        said = f"version {text_of(_scalar(top['version']))} is not known"
        problems.add(Problem(Code.WRONG_VALUE, top["version"].node.place, said, "write `version: 1`", "version"))


def _name(top: Mapping[str, nodes.Entry], stem: str, place: Place, problems: Problems) -> str:
    entry = top.get("name")
    name = text_of(_scalar(entry)) if entry else stem
    if not _NAME.fullmatch(name):
        where = entry.node.place if entry else place
        said = f'"{keys.shortened(name)}" cannot be a manifest\'s name'
        hint = "use letters, digits, `.`, `_` and `-`: `name: spring-campaign`"
        problems.add(Problem(Code.BAD_ID, where, said, hint, "name"))
    return name


def _jobs(root: nodes.Mapping, top: Mapping[str, nodes.Entry], problems: Problems) -> Iterable[nodes.Mapping]:
    if "jobs" not in root.entries:
        hint = "write `jobs:` and below it `- id: …`"
        problems.add(Problem(Code.MISSING_KEY, root.place, "`jobs` is missing", hint, "jobs"))
    entry = top.get("jobs")
    items = entry.node.items if entry and isinstance(entry.node, nodes.Sequence) else ()
    for item in items:
        if isinstance(item, nodes.Mapping):
            yield item
        else:
            said = f"a job is keys with values, not {keys.described(item)}"
            problems.add(Problem(Code.WRONG_TYPE, item.place, said, "write `- id: …`, `prompt: …`, `image: …`"))


def _layer(mapping: nodes.Mapping, layer: str, model: nodes.Entry | None, problems: Problems) -> dict[str, Value]:
    """One layer's values by key; `model` is the outer one, which stands in where the layer names none."""
    table = keys.SHARED if layer else keys.JOB
    read = keys.read_keys(mapping, table, _field_names(mapping, model), problems)
    if layer and model and "model" not in read:
        read = {**read, "model": model}
    return {name: Value(entry.node, entry.place, layer) for name, entry in read.items()}


def _field_names(mapping: nodes.Mapping, model: nodes.Entry | None) -> frozenset[str]:
    """The request fields that may stand in a layer: those of its model, or of any where that is not known."""
    entry = mapping.entries.get("model", model)
    known = find(entry.node.text) if entry and isinstance(entry.node, nodes.Scalar) else None
    chosen = [known] if known else models().values()
    return frozenset(name for model in chosen for name in model.fields)


def _drafts(jobs: Iterable[nodes.Mapping], defaults: Mapping[str, Value], problems: Problems) -> Iterable[Draft]:
    seen: dict[str, Place] = {}
    for mapping in jobs:
        values = _merged(defaults, _layer(mapping, "", _entry(defaults.get("model")), problems))
        job_id = _id(mapping, values, problems)
        model = _model(mapping, values, problems)
        takes = _takes(values, problems)
        if job_id is None or model is None or not _is_enabled(values):
            continue
        for take in range(1, takes + 1):
            draft = _draft(job_id, take, model, values, mapping.place)
            if _is_new(draft.name, values["id"].node.place, seen, problems):
                yield draft


def _draft(job_id: str, take: int, model: str, values: Mapping[str, Value], place: Place) -> Draft:
    fields = {name: value for name, value in values.items() if name not in keys.JOB}
    return Draft(job_id, take, model, fields, _tags(values), values.get("output"), place)


def _merged(defaults: Mapping[str, Value], own: Mapping[str, Value]) -> dict[str, Value]:
    """Key by key, values replaced whole; `null` removes what the lower layer said; only tags are united."""
    merged = {**defaults, **own}
    if "tags" in defaults and "tags" in own:
        both = (*_items(defaults["tags"].node), *_items(own["tags"].node))
        merged["tags"] = Value(nodes.Sequence(both, own["tags"].place), own["tags"].place, "")
    return {name: value for name, value in merged.items() if not _is_null(value.node)}


def _id(mapping: nodes.Mapping, values: Mapping[str, Value], problems: Problems) -> str | None:
    if "id" not in values:
        if "id" not in mapping.entries or _is_null(mapping.entries["id"].node):
            hint = "give it a name of its own: `id: hero-wave`"
            problems.add(Problem(Code.MISSING_KEY, mapping.place, "the job has no `id`", hint, "id"))
        return None
    node = values["id"].node
    job_id = text_of(node) if isinstance(node, nodes.Scalar) else ""
    if _NAME.fullmatch(job_id):
        return job_id
    said = f'"{keys.shortened(job_id)}" cannot be an id'
    hint = "use letters, digits, `.`, `_` and `-`, at most 128, beginning with a letter or digit"
    problems.add(Problem(Code.BAD_ID, node.place, said, hint, "id"))
    return None


def _model(mapping: nodes.Mapping, values: Mapping[str, Value], problems: Problems) -> str | None:
    value = values.get("model")
    if value is None:
        if "model" not in mapping.entries or _is_null(mapping.entries["model"].node):
            hint = f"write `model: {next(iter(models()))}` at the top of the manifest"
            problems.add(Problem(Code.MISSING_KEY, mapping.place, "the job has no `model`", hint, "model"))
        return None
    slug = text_of(value.node) if isinstance(value.node, nodes.Scalar) else ""
    if find(slug):
        return slug
    near = nearest(slug, models())
    hint = f"did you mean `{near}`?" if near else f"known models: {', '.join(models())}"
    said = f'there is no model "{keys.shortened(slug)}"'
    problems.add(Problem(Code.UNKNOWN_MODEL, value.node.place, said, hint, "model"))
    return None


def _takes(values: Mapping[str, Value], problems: Problems) -> int:
    value = values.get("takes")
    takes = value.node.value if value and isinstance(value.node, nodes.Scalar) else 1
    if value and not (isinstance(takes, int) and 1 <= takes <= _MOST_TAKES):
        said = f"`takes` must be from 1 to {_MOST_TAKES}"
        problems.add(Problem(Code.WRONG_VALUE, value.node.place, said, "`enabled: false` leaves a job out", "takes"))
        return 1
    return int(takes) if isinstance(takes, int) else 1


def _is_enabled(values: Mapping[str, Value]) -> bool:
    value = values.get("enabled")
    return not (value and isinstance(value.node, nodes.Scalar) and value.node.value is False)


def _is_new(name: str, place: Place, seen: dict[str, Place], problems: Problems) -> bool:
    """Ids name files: they must differ even on a disk that ignores case."""
    first = seen.setdefault(name.casefold(), place)
    if first is place:
        return True
    said = f'the id "{name}" is taken by the job in line {first.line}'
    problems.add(Problem(Code.DUPLICATE_ID, place, said, "give each job an id of its own", "id"))
    return False


def _tags(values: Mapping[str, Value]) -> tuple[str, ...]:
    items = _items(values["tags"].node) if "tags" in values else ()
    return tuple(dict.fromkeys(text_of(item) for item in items if isinstance(item, nodes.Scalar)))


def _items(node: nodes.Node) -> tuple[nodes.Node, ...]:
    return node.items if isinstance(node, nodes.Sequence) else ()


def _mapping(top: Mapping[str, nodes.Entry], name: str) -> nodes.Mapping:
    entry = top.get(name)
    if entry and isinstance(entry.node, nodes.Mapping):
        return entry.node
    return nodes.Mapping({}, Place("", 1, 1))


def _entry(value: Value | None) -> nodes.Entry | None:
    return nodes.Entry(value.place, value.node) if value else None


def _scalar(entry: nodes.Entry) -> nodes.Scalar:
    if isinstance(entry.node, nodes.Scalar):
        return entry.node
    raise AssertionError("read_keys keeps only scalars here")


def _is_null(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Scalar) and node.value is None
