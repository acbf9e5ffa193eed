"""What holds of every expansion: sizes, places, and what may be moved or renamed without being felt."""

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from batchrunner.domain.location import Location
from batchrunner.domain.problem import Code
from batchrunner.manifest.export import spelt_out
from batchrunner.manifest.load import Manifest
from batchrunner.manifest.yaml.document import dump
from tests.manifest.desk import HEAD, LINK, Desk, flow
from tests.manifest.manifests import MODELS, PROFILES, TEMPLATES, Data, lay_out, manifests

pytestmark = pytest.mark.untraced

profiles = st.sampled_from(("", *PROFILES))
ours = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    desk = Desk(tmp_path_factory.mktemp("desk"))
    lay_out(desk)
    return desk


def wished(manifest: Manifest) -> list[Any]:
    """All that a manifest asks for, in its order."""
    return [(job.identity.name, job.request, job.output, job.tags) for job in manifest.jobs]


@ours
@given(data=manifests(), profile=profiles)
def test_a_manifest_that_is_spelt_out_expands_to_itself(desk: Desk, data: Data, profile: str) -> None:
    manifest = desk.read(dump(data), profile)
    assume(not manifest.errors and manifest.jobs)

    written = spelt_out(manifest)
    again = desk.read(dump(written), name="again.yaml")

    assert again.errors == ()
    assert wished(again) == wished(manifest)
    assert spelt_out(again) == written
    assert again.name == manifest.name
    assert {**settings_of(again), "output": None} == {**settings_of(manifest), "output": None}


def settings_of(manifest: Manifest) -> dict[str, object]:
    found = manifest.settings
    return {name: getattr(found, name) for name in found.__slots__}


@ours
@given(data=manifests(), profile=profiles, chance=st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_matter(desk: Desk, data: Data, profile: str, chance: Any) -> None:
    manifest = desk.read(dump(data), profile)
    shuffled = {**data, "jobs": [dict(chance.sample(list(job.items()), len(job))) for job in data["jobs"]]}
    shuffled = dict(chance.sample(list(shuffled.items()), len(shuffled)))

    again = desk.read(dump(shuffled), profile)

    assert wished(again) == wished(manifest)
    assert sorted(p.message for p in again.errors) == sorted(p.message for p in manifest.errors)


@ours
@given(data=manifests(), profile=profiles, new=st.permutations(TEMPLATES))
def test_the_names_of_templates_do_not_matter(desk: Desk, data: Data, profile: str, new: list[str]) -> None:
    renamed = dict(zip(TEMPLATES, new, strict=True))
    templates = {renamed[name]: layer for name, layer in data["templates"].items()}
    jobs = [
        {**job, **({"extends": _renamed(job["extends"], renamed)} if "extends" in job else {})} for job in data["jobs"]
    ]

    again = desk.read(dump({**data, "templates": templates, "jobs": jobs}), profile)

    assert wished(again) == wished(desk.read(dump(data), profile))


def _renamed(extends: Any, renamed: dict[str, str]) -> Any:
    return [renamed[name] for name in extends] if isinstance(extends, list) else renamed[extends]


# Sizes

axes = st.dictionaries(
    st.sampled_from(("x", "y", "z")),
    st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True),
    min_size=1,
)


@ours
@given(matrix=axes, rows=st.integers(0, 3), takes=st.integers(1, 3), data=st.data())
def test_the_number_of_clips_is_rows_times_combinations_times_takes(
    desk: Desk, matrix: dict[str, list[int]], rows: int, takes: int, data: st.DataObject
) -> None:
    size = math.prod(map(len, matrix.values()))
    axis = data.draw(st.sampled_from(sorted(matrix)))
    excluded = data.draw(st.lists(st.sampled_from(matrix[axis]), unique=True))
    included = data.draw(st.integers(0, 2))
    names = "-".join(f"${{matrix.{name}}}" for name in matrix)
    job: Data = {"id": f"a{names}", "prompt": names, "image": LINK, "takes": takes}
    job["matrix"] = {
        **matrix,
        "exclude": [{axis: value} for value in excluded],
        "include": [dict.fromkeys(matrix, f"n{number}") for number in range(included)],
    }
    if rows:
        desk.write("rows.csv", "id\n" + "".join(f"r{number}\n" for number in range(rows)))
        job |= {"rows": "rows.csv", "id": f"${{row.id}}-{names}"}

    manifest = desk.valid(HEAD + f"jobs: [{flow(job)}]\n")

    kept = size - size // len(matrix[axis]) * len(excluded)
    assert len(manifest.jobs) == max(rows, 1) * (kept + included) * takes


# Places

VALUES: dict[str, tuple[Any, ...]] = {
    "prompt": ("alpha", "beta gamma", 7, 1.5, True),
    "negativePrompt": ("delta", "08"),
    "image": ("https://example.com/1.jpg", "https://example.com/2.jpg"),
    "durationSeconds": (8, "8"),
    "aspectRatio": ("16:9", "9:16"),
    "resolution": ("720p", "4k"),
}
one_of_each = st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in VALUES.items()})


def text_at(manifest: Manifest, location: Location) -> str:
    """What stands at a place, without the quote before it."""
    return manifest.lines[location.file][location.line - 1][location.column - 1 :].lstrip("'\"")


layers = st.fixed_dictionaries(dict.fromkeys(("defaults", "template", "job", "profile", "cells", "vars"), one_of_each))


@ours
@given(said=layers, styled=st.booleans())
def test_every_value_knows_where_it_was_written(desk: Desk, said: dict[str, Data], *, styled: bool) -> None:
    """In whatever layer, in a cell, or behind a variable: the text at its place begins with its own text."""
    cells = {"id": "a", **said["cells"]}
    desk.write("cells.csv", ",".join(cells) + "\n" + ",".join(f' "{value}"' for value in cells.values()) + "\n")
    given_by_vars = {name: f"${{vars.{name}}}" for name in said["vars"]}
    given_by_cells = {name: f"${{row.{name}}}" for name in cells}
    data: Data = {
        "version": 1,
        "vars": said["vars"],
        "defaults": {"prompt": "first", "image": LINK, "durationSeconds": 8, "model": MODELS[0], **said["defaults"]},
        "templates": {"t": {**said["template"], **given_by_vars}},
        "profiles": {"p": said["profile"]},
        "jobs": [{"rows": "cells.csv", "extends": "t", **said["job"], **given_by_cells}],
    }
    manifest = desk.valid(flow(data) if styled else dump(data), "p")
    [found] = manifest.jobs
    for name, value in found.body.items():
        assert text_at(manifest, found.locations[name]).lower().startswith(str(value).lower()), name
    assert text_at(manifest, found.location).strip().startswith('"a"')


@ours
@given(
    key=st.sampled_from(("aspectRatio", "durationSeconds", "resolution", "personGeneration", "model", "image")),
    where=st.sampled_from(("defaults", "template", "job", "profile", "cell", "vars", "matrix")),
    styled=st.booleans(),
)
def test_a_problem_stands_where_the_bad_value_was_written(desk: Desk, key: str, where: str, *, styled: bool) -> None:
    bad = "ftp://nowhere" if key == "image" else "nonsense"
    reference = {"cell": "${row.bad}", "vars": "${vars.bad}", "matrix": "${matrix.bad}"}.get(where, bad)
    desk.write("bad.csv", f"note,bad\nx,{bad}\n")
    data: Data = {
        "version": 1,
        "vars": {"bad": bad, "other": "x"},
        "model": MODELS[0],
        "defaults": {"prompt": "x", "image": LINK, "durationSeconds": 8} | ({key: bad} if where == "defaults" else {}),
        "templates": {"t": {key: bad} if where == "template" else {}},
        "profiles": {"p": {key: bad} if where == "profile" else {}},
        "jobs": [{"id": "a", "extends": "t", "rows": "bad.csv", "matrix": {"bad": [bad]}}],
    }
    if where in {"job", "cell", "vars", "matrix"}:
        data["jobs"][0][key] = reference
    manifest = desk.read(flow(data) if styled else dump(data), "p")
    [problem] = manifest.errors
    assert text_at(manifest, problem.location).startswith(bad)
    assert problem.code in {Code.WRONG_VALUE, Code.UNKNOWN_MODEL, Code.BAD_LINK}
    assert Path(problem.location.file).name == ("bad.csv" if where == "cell" else "m.yaml")
