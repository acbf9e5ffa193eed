"""The first three stages in a row: a file becomes a manifest, or every problem at once."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from batchrunner.catalog import Catalog, shipped
from batchrunner.domain import settings as settings_room
from batchrunner.domain.job import Job
from batchrunner.domain.location import Location
from batchrunner.domain.problem import Code, Problem, Problems, Severity
from batchrunner.domain.settings import Settings
from batchrunner.io.collector import collector_paused
from batchrunner.manifest.drafts import Draft, Drafts
from batchrunner.manifest.expand import LoadOptions, expand
from batchrunner.manifest.keys import described, text_of
from batchrunner.manifest.layers import PROFILE_RANK, Layer, Value
from batchrunner.manifest.local_images import Pictures
from batchrunner.manifest.outputs import Outputs
from batchrunner.manifest.overrides import Override
from batchrunner.manifest.own_models import OwnModels
from batchrunner.manifest.permissions import Permissions, Reach
from batchrunner.manifest.secrets import secret_in, secret_name
from batchrunner.manifest.validate import Validator
from batchrunner.manifest.yaml import document
from batchrunner.manifest.yaml.nodes import Mapping as NodeMapping
from batchrunner.manifest.yaml.nodes import Node, Scalar
from batchrunner.manifest.yaml.nodes import Sequence as NodeSequence


@dataclass(frozen=True, slots=True)
class Manifest:
    """A whole manifest. It may be run if it has no `errors`; `lines` are there for snippets.

    `texts` are the tables and captions that it read, and `variables` those of the environment that it used. `catalog`
    has the models that its jobs may name.
    """

    path: Path
    name: str
    profile: str
    settings: Settings
    jobs: tuple[Job, ...]
    problems: tuple[Problem, ...]
    profiles: tuple[str, ...] = ()
    lines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    settings_as_written: Mapping[str, object] = field(default_factory=dict)
    texts: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    catalog: Catalog = field(default_factory=shipped)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that are no mere warnings."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)


def load(
    path: Path,
    profile: str = "",
    *,
    permissions: Permissions | None = None,
    look_at_files: bool = True,
    may_be_fragment: bool = False,
    overrides: tuple[Override, ...] = (),
) -> Manifest:
    """Reads, expands and validates; whatever is wrong is in the result, never raised.

    `permissions`: what it may read; by default no file outside its own folder, and no variable of the environment.
    `look_at_files`: local images are opened. `may_be_fragment`: a file without `version` is judged as one that
    others include. `overrides`: defaults that somebody typed, above those of the manifest.
    """
    reach = Reach(permissions or Permissions.beside(path))
    options = LoadOptions(profile, reach, shipped(), overrides=overrides)
    return _load(path, options, look_at_files, may_be_fragment)


def load_for_model(
    path: Path,
    profile: str,
    slug: str,
    dropped: Iterable[str] = (),
    *,
    permissions: Permissions,
    overrides: tuple[Override, ...] = (),
) -> Manifest:
    """The manifest as if a profile above all others said `model: SLUG`, and `drop` of these fields; else as `load`."""
    place = Location(str(path), 1, 1)
    layer = f"the model {slug}"

    def value(node: Node) -> Value:
        return Value(node, place, layer, PROFILE_RANK)

    values = {"model": value(Scalar(slug, slug, plain=False, location=place))}
    if dropped:
        values["drop"] = value(
            NodeSequence(tuple(Scalar(name, name, plain=False, location=place) for name in dropped), place)
        )
    options = LoadOptions(profile, Reach(permissions), shipped(), overrides=overrides, last=Layer(values))
    return _load(path, options, look_at_files=True, may_be_fragment=False)


@collector_paused()
def _load(path: Path, options: LoadOptions, look_at_files: bool, may_be_fragment: bool) -> Manifest:  # noqa: FBT001
    problems = Problems()
    read = document.read(path, str(path))
    is_fragment = may_be_fragment and _looks_like_fragment(read)
    if is_fragment:
        said = "it has no `version`, so it is checked as a fragment that a manifest includes"
        hint = "to run it by itself, write `version: 1`"
        problems.add(Problem(Code.FRAGMENT, Location(read.file, 1, 1), said, hint))
    own = OwnModels(options.catalog, options.reach, problems)
    catalog = options.catalog if is_fragment else own.added(read.root, path.parent)
    options = replace(options, is_fragment=is_fragment, catalog=catalog)
    drafts = expand(read, path, options, problems)
    if not own.is_whole:  # a model, or a field, that nothing is known of may be described in the file that is wrong
        problems.forget(Code.UNKNOWN_MODEL, Code.UNKNOWN_KEY)
        drafts = replace(drafts, drafts=tuple(draft for draft in drafts.drafts if "model" not in draft.wrong))
    problems.extend(secret_name(drafts.name, Location(read.file, 1, 1), options.reach.permissions))
    settings = _settings(drafts.settings, problems)
    pictures = Pictures(options.reach, look_at_files)
    validator = Validator(options.catalog, drafts.name, options.profile, pictures, problems, is_fragment)
    jobs = _jobs(drafts, settings, validator, options.reach.permissions, os.path.abspath(path.parent))  # noqa: PTH100 - a text
    written = {key: _written(value) for key, value in drafts.settings.items()}
    lines = {read.file: read.lines, **drafts.lines, **own.lines}
    return Manifest(
        path,
        drafts.name,
        options.profile,
        settings,
        jobs,
        problems.in_order(),
        drafts.profiles,
        lines,
        written,
        texts=tuple(sorted(options.reach.texts)),
        variables=tuple(sorted(options.reach.variables)),
        catalog=options.catalog,
    )


def _looks_like_fragment(read: document.Document) -> bool:
    root = read.root
    return isinstance(root, NodeMapping) and not root.entries.keys() & {"version", "name", "settings", "profiles"}


def _settings(values: Mapping[str, Value], problems: Problems) -> Settings:
    read: dict[str, object] = {}
    for key, value in values.items():
        if not isinstance(value.node, Scalar):
            continue
        if key not in settings_room.READERS:
            read[key] = text_of(value.node)
            continue
        name, reader = settings_room.READERS[key]
        try:
            read[name] = reader(value.node.value)
        except ValueError as error:
            said = f"`{key}` cannot be {described(value.node)}"
            hint = str(error).replace("expected", "write", 1)
            problems.add(Problem(Code.BAD_SETTING, value.node.location, said, hint, key))
    return Settings(**read)  # type: ignore[arg-type]  # each reader gives its field's type


def _written(value: Value) -> object:
    return value.node.value if isinstance(value.node, Scalar) else None


def _jobs(
    drafts: Drafts, settings: Settings, validator: Validator, permissions: Permissions, folder: str
) -> tuple[Job, ...]:
    outputs = Outputs(validator.manifest, validator.profile, validator.problems, folder)
    jobs: list[Job] = []
    for draft in drafts.drafts:
        pattern, location = _output(draft, drafts, settings)
        path = None if "id" in draft.wrong else outputs.path(pattern, location, draft)
        job = validator.job(draft, path or "")
        secret = secret_in(draft, path or "", permissions)
        validator.problems.extend(secret)
        if job is not None and not secret:
            jobs.append(job)
    return tuple(jobs)


def _output(draft: Draft, drafts: Drafts, settings: Settings) -> tuple[str, Location]:
    """The pattern that holds for a draft, with the place to blame: its own, or the batch's."""
    if draft.output and isinstance(draft.output.node, Scalar):
        return text_of(draft.output.node), draft.output.place
    value = drafts.settings.get("output")
    return settings.output, value.node.location if value else draft.location
