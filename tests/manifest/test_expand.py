"""The language by tables: layers, variables, includes, generators, profiles, paths."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from batchrunner.domain.image import LocalImage
from batchrunner.domain.problem import Code
from batchrunner.manifest.load import load
from tests.io.test_images import png
from tests.manifest.desk import HEAD, LINK, Desk, flow


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, {"WHO": "the fox", "SLOTS": "", "EMPTY": "", "MODELLIX_API_KEY": "mdlx-secret"})


def names(desk: Desk, text: str, profile: str = "") -> list[str]:
    return [job.name for job in desk.valid(text, profile).jobs]


# Layers

LAYERS = {
    # defaults, templates in the order of `extends`, the job, the profile → negativePrompt
    "defaults": ("d", (), None, None, "d"),
    "a template over defaults": ("d", ("t",), None, None, "t"),
    "the right template over the left": ("d", ("t", "u"), None, None, "u"),
    "the job over templates": ("d", ("t", "u"), "j", None, "j"),
    "the profile over the job": ("d", ("t",), "j", "p", "p"),
    "the profile over defaults": ("d", (), None, "p", "p"),
    "null in a template": ("d", ("null",), None, None, None),
    "null in the job": ("d", ("t",), "null", None, None),
    "null in the profile": ("d", ("t",), "j", "null", None),
    "a text over null": ("d", ("null", "u"), None, None, "u"),
    "null over nothing": (None, (), "null", None, None),
}


def said(value: str | None) -> str:
    return "{}" if value is None else f"{{negativePrompt: {value}}}"


@pytest.mark.parametrize(("defaults", "templates", "job", "profile", "expected"), LAYERS.values(), ids=LAYERS)
def test_the_highest_layer_wins_and_null_removes(
    desk: Desk, defaults: str | None, templates: tuple[str, ...], job: str | None, profile: str | None, expected: Any
) -> None:
    named = "".join(f"  t{number}: {said(each)}\n" for number, each in enumerate(templates))
    own = "" if job is None else f", negativePrompt: {job}"
    extended = flow([f"t{number}" for number in range(len(templates))])
    text = (
        f"version: 1\nmodel: google/veo-3.1-i2v\ndefaults: {said(defaults)}\n"
        + (f"templates:\n{named}" if named else "")
        + f"profiles: {{p: {said(profile)}}}\n"
        + f"jobs:\n  - {{id: a, prompt: x, image: {LINK}, extends: {extended}{own}}}\n"
    )
    assert desk.bodies(text, "p")["a"].get("negativePrompt") == expected


TAGS = {
    "all layers": ("[d]", "[t]", "[j]", "[p]", ("d", "t", "j", "p")),
    "a text stands for a list": ("d", "t", "j", "p", ("d", "t", "j", "p")),
    "each once, where it came first": ("[d, j]", "[t, d]", "[j, k]", "[t]", ("d", "j", "t", "k")),
    "null removes the lower ones only": ("[d]", "[t]", "null", "[p]", ("p",)),
    "none": ("null", "null", "null", "null", ()),
    "a list of a variable is a part": ("[d]", "[t]", "${vars.two}", "[p]", ("d", "t", "one", "two", "p")),
    "in a list, too": ("[d]", "[]", "[j, '${vars.two}']", "[]", ("d", "j", "one", "two")),
    "an empty variable is none": ("[d]", "[t]", "${vars.none}", "[p]", ("d", "t", "p")),
    "numbers are texts": ("[2026]", "[007]", "[1.50]", "[]", ("2026", "007", "1.50")),
}


@pytest.mark.parametrize(("defaults", "template", "job", "profile", "expected"), TAGS.values(), ids=TAGS)
def test_tags_are_united(
    desk: Desk, defaults: str, template: str, job: str, profile: str, expected: tuple[str, ...]
) -> None:
    text = (
        f"version: 1\nmodel: google/veo-3.1-i2v\nvars: {{two: [one, two], none: ''}}\ndefaults: {{tags: {defaults}}}\n"
        f"templates: {{t: {{tags: {template}}}}}\nprofiles: {{p: {{tags: {profile}}}}}\n"
        f"jobs:\n  - id: a\n    prompt: x\n    image: {LINK}\n    extends: t\n    tags: {job}\n"
    )
    [found] = desk.valid(text, "p").jobs
    assert found.tags == expected


def test_tags_of_a_cell_are_united_with_those_of_defaults(desk: Desk) -> None:
    desk.write("r.csv", "id,tags\na,wide close\nb,wide | very close\nc,\n")
    text = f"version: 1\nmodel: google/veo-3.1-i2v\ndefaults: {{tags: all, prompt: x, image: '{LINK}'}}\n"
    jobs = desk.valid(text + "jobs:\n  - {rows: r.csv, id: '${row.id}', tags: '${row.tags}'}\n").jobs
    assert [job.tags for job in jobs] == [("all", "wide", "close"), ("all", "wide", "very close"), ("all",)]


def test_values_are_replaced_whole(desk: Desk) -> None:
    text = HEAD + (
        "templates: {t: {referenceImages: [https://example.com/1.png, https://example.com/2.png]}}\n"
        "jobs:\n  - {id: a, prompt: x, extends: t, referenceImages: [https://example.com/3.png]}\n"
    )
    assert desk.bodies(text)["a"]["referenceImages"] == ["https://example.com/3.png"]


@pytest.mark.parametrize("key", ["id", "matrix", "rows", "takes"])
@pytest.mark.parametrize("null", ["null", "~", ""])
def test_what_makes_jobs_cannot_be_null(desk: Desk, key: str, null: str) -> None:
    own = "" if key == "id" else "id: a, "
    text = HEAD + f"jobs:\n  - {{{own}{key}: {null}, prompt: x, image: '{LINK}'}}\n"
    [(code, line, column)] = desk.told(text)
    assert (code, line) == (Code.NULL_KEY, 5)
    assert text.splitlines()[4][column - 1 :].startswith(null)


def test_a_problem_names_the_layer_a_bad_value_came_from(desk: Desk) -> None:
    text = (
        HEAD
        + f"templates: {{hero: {{resolution: 8k}}}}\njobs:\n  - {{id: a, extends: hero, prompt: x, image: '{LINK}'}}\n"
    )
    [problem] = desk.read(text).errors
    assert 'template "hero", line 4' in problem.message
    assert (problem.location.line, problem.location.column) == (4, text.splitlines()[3].index("8k") + 1)


# Variables

FILLED = {
    "vars": ("a ${vars.fox} b", "a the fox b"),
    "matrix": ("${matrix.light} light", "day light"),
    "row": ("shot ${row.nr}", "shot 7"),
    "a quoted column": ('${row["Shot Prompt"]}!', "a dog barks!"),
    "env": ("${env.WHO}", "the fox"),
    "manifest": ("of ${manifest.name}", "of m"),
    "a default that is not needed": ("${vars.fox:-a cat}", "the fox"),
    "a default for what is missing": ("${vars.nobody:-a cat} sleeps", "a cat sleeps"),
    "a default for what is empty": ("${env.EMPTY:-nobody}", "nobody"),
    "a default for an empty cell": ("${row.note:-no note}", "no note"),
    "a default with signs": ("${env.NO:-a: b, [c] # $ {d}", "a: b, [c] # $ {d"),
    "up to the first brace": ("${env.NO:-a}b}", "ab}"),
    "a default is no variable": ("${env.NO:-${vars.fox}", "${vars.fox"),
    "a literal": ("$${vars.fox}", "${vars.fox}"),
    "a literal and a variable": ("$${${vars.fox}}", "${the fox}"),
    "a dollar": ("$5 and {6} and $vars.fox", "$5 and {6} and $vars.fox"),
    "two": ("${vars.fox} and ${matrix.light}", "the fox and day"),
    "never scanned again": ("${row.sly}", "${vars.fox}"),
    "never scanned again within a text": ("say ${row.sly}!", "say ${vars.fox}!"),
    "a value is no YAML": ("${row.yaml}", "a: b # c"),
    "a number as it was written": ("${vars.seven} times", "007 times"),
    "a whole number as it was written": ("${vars.seven}", "007"),
}


@pytest.mark.parametrize(("written", "filled"), FILLED.values(), ids=FILLED)
def test_a_variable_is_filled_once(desk: Desk, written: str, filled: str) -> None:
    desk.write("r.csv", "nr,Shot Prompt,note,sly,yaml\n7,a dog barks,,${vars.fox},a: b # c\n")
    text = HEAD + "vars: {fox: the fox, seven: 007}\njobs:\n  - rows: r.csv\n    matrix: {light: [day]}\n"
    text += f"    id: a\n    image: {LINK}\n    prompt: {flow(written)}\n"
    assert desk.bodies(text)["a"]["prompt"] == filled


WRONG = {
    "a name nobody knows": ("${vars.foxx}", Code.UNKNOWN_VARIABLE),
    "a space nobody knows": ("${var.fox}", Code.UNKNOWN_VARIABLE),
    "a row without rows": ("${row.nr}", Code.UNKNOWN_VARIABLE),
    "a matrix without matrix": ("${matrix.light}", Code.UNKNOWN_VARIABLE),
    "the job outside of output": ("${job.id}", Code.UNKNOWN_VARIABLE),
    "an environment without it": ("${env.NO}", Code.UNKNOWN_VARIABLE),
    "no name": ("${vars}", Code.BAD_VARIABLE),
    "blanks": ("${ vars.fox }", Code.BAD_VARIABLE),
    "never closed": ("${vars.fox", Code.BAD_VARIABLE),
    "empty": ("${}", Code.BAD_VARIABLE),
    "empty within a text": ("a ${vars.none} b", Code.BAD_VARIABLE),
    "a list within a text": ("a ${vars.list} b", Code.BAD_VARIABLE),
    "a secret": ("${env.MODELLIX_API_KEY}", Code.FORBIDDEN_VARIABLE),
    "a secret within a text": ("see ${env.MODELLIX_API_KEY}", Code.FORBIDDEN_VARIABLE),
    "a secret with a default": ("${env.MODELLIX_API_KEY:-x}", Code.FORBIDDEN_VARIABLE),
    "a secret in small letters": ("${env.modellix_base_url}", Code.FORBIDDEN_VARIABLE),
    "a quoted secret": ('${env["MODELLIX_API_KEY"]}', Code.FORBIDDEN_VARIABLE),
}


@pytest.mark.parametrize(("written", "code"), WRONG.values(), ids=WRONG)
def test_a_variable_that_cannot_be_filled_is_a_problem_at_its_value(desk: Desk, written: str, code: Code) -> None:
    text = (
        HEAD
        + f"vars: {{fox: x, none: '', list: [a]}}\njobs:\n  - id: a\n    image: {LINK}\n    prompt: {flow(written)}\n"
    )
    assert desk.told(text) == [(code, 8, 13)]
    assert not any("mdlx-secret" in f"{p.message}{p.hint}" for p in desk.read(text).problems)


NOT_FILLED = {
    "name": "name: ${vars.x}",
    "vars": "vars: {y: 'a ${vars.x}'}",
    "include": "include: '${vars.x}.yaml'",
    "settings know no rows": "settings: {budget: '${row.x}'}",
    "settings know no matrix": "settings: {budget: '${matrix.x}'}",
}


@pytest.mark.parametrize("line", NOT_FILLED.values(), ids=NOT_FILLED)
def test_some_places_know_no_variables(desk: Desk, line: str) -> None:
    text = HEAD + f"{line}\njobs:\n  - {{id: a, prompt: x, image: '{LINK}'}}\n"
    [(_, number, column)] = desk.told(text)
    assert (number, line[column - 1 :].lstrip("'")[:2]) in {(4, "${"), (4, "a ")}


@pytest.mark.parametrize("line", ["extends: ${vars.x}", "rows: ${vars.x}.csv", "${vars.x}: 1"])
def test_some_keys_of_a_job_know_no_variables(desk: Desk, line: str) -> None:
    desk.write("r.csv", "nr\n1\n")
    text = (
        HEAD
        + f"vars: {{x: r}}\ntemplates: {{r: {{}}}}\njobs:\n  - id: a\n    prompt: x\n    image: {LINK}\n    {line}\n"
    )
    [(_, number, column)] = desk.told(text)
    assert (number, column) == (10, 5 + line.index("${"))


def test_settings_are_filled_from_vars_environment_and_manifest(desk: Desk) -> None:
    text = HEAD + (
        "vars: {most: 12}\n"
        "settings: {budget: '${vars.most}', concurrency: '${env.SLOTS:-3}', output: 'o/${manifest.name}/${job.id}.mp4'}"
        "\n"
        f"jobs:\n  - {{id: a, prompt: x, image: '{LINK}'}}\n"
    )
    manifest = desk.valid(text)
    assert (manifest.settings.budget_usd, manifest.settings.concurrency) == (Decimal(12), 3)
    assert manifest.jobs[0].output == "o/m/a.mp4"


def test_a_whole_variable_keeps_its_kind(desk: Desk) -> None:
    desk.write(
        "r.jsonl", '{"on": false, "id": "off"}\n{"on": true, "id": "on", "takes": 2, "refs": ["https://e.com/1.png"]}\n'
    )
    text = HEAD + (
        "jobs:\n  - rows: r.jsonl\n    id: ${row.id}\n    prompt: x\n    enabled: ${row.on}\n    takes: ${row.takes}\n"
        "    referenceImages: ${row.refs}\n"
    )
    assert desk.bodies(text) == {
        name: {"prompt": "x", "referenceImages": ["https://e.com/1.png"], "durationSeconds": "8"}
        for name in ("on", "on.2")
    }


def test_a_part_of_a_text_is_a_text(desk: Desk) -> None:
    text = HEAD + f"vars: {{n: 1}}\njobs:\n  - {{id: a, prompt: x, image: '{LINK}', takes: '${{vars.n}}0'}}\n"
    assert desk.told(text) == [(Code.WRONG_TYPE, 6, text.splitlines()[5].index("takes") + 8)]


EMPTY_CELLS = {
    "the default counts": ("", "", "8"),
    "the template counts": ("durationSeconds: 6", "", "6"),
    "a template's cell, and below it the default": ("durationSeconds: '${row.other}'", "", "8"),
    "a template's cell that is full": ("durationSeconds: '${row.six}'", "", "6"),
    "the profile over an empty cell": ("durationSeconds: 6", "durationSeconds: 4", "4"),
    "an empty cell in the profile": ("durationSeconds: 6", "durationSeconds: '${row.other}'", "6"),
    "null below it": ("durationSeconds: null", "", None),
}


@pytest.mark.parametrize(("template", "profile", "expected"), EMPTY_CELLS.values(), ids=EMPTY_CELLS)
def test_an_empty_cell_is_as_if_the_key_were_not_written(
    desk: Desk, template: str, profile: str, expected: str | None
) -> None:
    desk.write("r.csv", "id,secs,other,six\na,,,6\n")
    text = HEAD + f"templates: {{t: {{{template}}}}}\nprofiles: {{p: {{{profile}}}}}\n"
    text += f"jobs:\n  - {{rows: r.csv, id: '${{row.id}}', extends: t, prompt: x, image: '{LINK}',\n"
    text += "     durationSeconds: '${row.secs}'}\n"
    assert desk.bodies(text, "p")["a"].get("durationSeconds") == expected


def test_an_empty_cell_that_is_needed_is_a_problem_at_the_cell(desk: Desk) -> None:
    desk.write("r.csv", "id,prompt\na,x\nb,\n,y\n")
    manifest = desk.read(
        HEAD + f"jobs:\n  - {{rows: r.csv, id: '${{row.id}}', prompt: '${{row.prompt}}', image: '{LINK}'}}\n"
    )
    found = {(p.code, Path(p.location.file).name, p.location.line, p.location.column) for p in manifest.errors}
    assert found == {(Code.MISSING_KEY, "r.csv", 3, 3), (Code.BAD_ID, "r.csv", 4, 1)}


REFERENCES = {
    "blanks": ("https://e.com/1.png https://e.com/2.png", 2),
    "bars": ("https://e.com/1.png|https://e.com/2.png | https://e.com/3.png", 3),
    "one": ("https://e.com/1.png", 1),
    "line breaks": ('"https://e.com/1.png\nhttps://e.com/2.png"', 2),
    "a bar at the end": ("https://e.com/1.png|", 1),
}


@pytest.mark.parametrize(("cell", "count"), REFERENCES.values(), ids=REFERENCES)
def test_reference_images_in_a_cell_are_split(desk: Desk, cell: str, count: int) -> None:
    desk.write("r.csv", f"id,refs\na,{cell}\n")
    text = HEAD + "jobs:\n  - {rows: r.csv, id: '${row.id}', prompt: x, referenceImages: '${row.refs}'}\n"
    assert desk.bodies(text)["a"]["referenceImages"] == [f"https://e.com/{n}.png" for n in range(1, count + 1)]


def test_bars_keep_the_blanks_of_paths_together(desk: Desk) -> None:
    for name in ("one frame.png", "two.png"):
        desk.write(name, png(16, 9))
    desk.write("r.csv", "id,refs\na,one frame.png | two.png\n")
    text = HEAD + "jobs:\n  - {rows: r.csv, id: '${row.id}', prompt: x, referenceImages: '${row.refs}'}\n"
    assert [Path(str(each)).name for each in desk.bodies(text)["a"]["referenceImages"]] == ["one frame.png", "two.png"]


# Generators


def test_rows_are_outer_and_the_matrix_inner_and_takes_last(desk: Desk) -> None:
    desk.write("r.csv", "id\na\nb\n")
    text = HEAD + (
        "jobs:\n  - rows: r.csv\n    matrix: {x: [1, 2], y: [p, q]}\n    id: ${row.id}-${matrix.x}${matrix.y}\n"
        f"    prompt: ${{row.id}} ${{matrix.x}} ${{matrix.y}}\n    image: {LINK}\n    takes: 2\n"
    )
    expected = [f"{r}-{x}{y}{take}" for r in "ab" for x in "12" for y in "pq" for take in ("", ".2")]
    assert names(desk, text) == expected


MATRICES = {
    "the first axis is the slowest": ("x: [a, b], y: [p, q]", "ap aq bp bq"),
    "one value": ("x: [a], y: [p]", "ap"),
    "excluded by one axis": ("x: [a, b], y: [p, q], exclude: [{x: a}]", "bp bq"),
    "excluded by both": ("x: [a, b], y: [p, q], exclude: [{x: a, y: q}]", "ap bp bq"),
    "one that stands for a list": ("x: [a, b], y: [p, q], exclude: {x: b}", "ap aq"),
    "excluded by its text": ("x: [1, 02], y: [p], exclude: [{x: '1'}]", "02p"),
    "an exclude that fits nothing": ("x: [a], y: [p], exclude: [{x: z}]", "ap"),
    "all excluded": ("x: [a], y: [p], exclude: [{x: a}]", ""),
    "included at the end": ("x: [a], y: [p], include: [{x: z, y: q}]", "ap zq"),
    "included in the author's order": ("x: [a], y: [p], include: [{x: z, y: q}, {y: r, x: y}]", "ap zq yr"),
    "included although excluded": ("x: [a], y: [p, q], exclude: [{y: q}], include: [{x: a, y: q}]", "ap aq"),
    "filled": ("x: ['${vars.v}', a], y: [p]", "vp ap"),
}


@pytest.mark.parametrize(("matrix", "expected"), MATRICES.values(), ids=MATRICES)
def test_a_matrix_is_its_combinations(desk: Desk, matrix: str, expected: str) -> None:
    text = HEAD + f"vars: {{v: v}}\njobs:\n  - id: ${{matrix.x}}${{matrix.y}}\n    matrix: {{{matrix}}}\n"
    text += f"    prompt: ${{matrix.x}} ${{matrix.y}}\n    image: {LINK}\n"
    assert names(desk, text) == expected.split()


BAD_MATRICES = {
    "no axis": "{}",
    "only excluded": "{exclude: [{x: 1}]}",
    "an axis without values": "{x: []}",
    "an axis that is no list": "{x: 1}",
    "an axis of lists": "{x: [[1]]}",
    "an empty value": "{x: [1, null]}",
    "an unknown axis": "{x: [1], exclude: [{z: 1}]}",
    "an include that misses an axis": "{x: [1], y: [2], include: [{x: 3}]}",
    "an include of lists": "{x: [1], include: [{x: [1, 2]}]}",
    "an include that is no list": "{x: [1], include: z}",
    "an empty entry": "{x: [1], exclude: [{}]}",
}


@pytest.mark.parametrize("matrix", BAD_MATRICES.values(), ids=BAD_MATRICES)
def test_a_matrix_that_is_none_is_a_problem(desk: Desk, matrix: str) -> None:
    text = HEAD + f"jobs:\n  - {{id: 'a${{matrix.x:-}}', matrix: {matrix}, prompt: x, image: '{LINK}'}}\n"
    manifest = desk.read(text)
    assert manifest.jobs == ()
    assert Code.BAD_MATRIX in {problem.code for problem in manifest.errors}


@pytest.mark.parametrize(
    ("job_id", "hint"), [("turn", "${matrix.x}-${matrix.y}"), ("a-${matrix.x}", "${matrix.y}"), ("b", "${matrix.x}")]
)
def test_an_id_that_misses_a_varying_axis_is_told_which(desk: Desk, job_id: str, hint: str) -> None:
    text = (
        HEAD
        + f"jobs:\n  - id: {job_id}\n    matrix: {{x: [1, 2], y: [3, 4], z: [5]}}\n    prompt: x\n    image: {LINK}\n"
    )
    problem, *_ = desk.read(text).errors
    assert (problem.code, problem.location.line, problem.location.column) == (Code.DUPLICATE_ID, 5, 9)
    assert hint in str(problem.hint)


@pytest.mark.parametrize(
    ("takes", "expected"), [("1", ["hero"]), ("2", ["hero", "hero.2"]), ("3", ["hero", "hero.2", "hero.3"])]
)
def test_the_first_take_keeps_the_plain_name(desk: Desk, takes: str, expected: list[str]) -> None:
    text = HEAD + f"jobs:\n  - {{id: hero, takes: {takes}, prompt: x, image: '{LINK}'}}\n"
    jobs = desk.valid(text).jobs
    assert [job.name for job in jobs] == expected
    assert [(job.identity.job, job.identity.take) for job in jobs] == [("hero", n + 1) for n in range(len(expected))]
    assert [job.output for job in jobs] == [f"outputs/m/{name}.mp4" for name in expected]
    assert len({job.request.fingerprint for job in jobs}) == 1


@pytest.mark.parametrize("takes", ["0", "-1", "101", "2.5", "two", "true"])
def test_a_number_of_takes_that_is_none_is_a_problem(desk: Desk, takes: str) -> None:
    text = HEAD + f"jobs:\n  - {{id: hero, takes: {takes}, prompt: x, image: '{LINK}'}}\n"
    [(_, line, column)] = desk.told(text)
    assert (line, column) == (5, text.splitlines()[4].index("takes") + 8)


@pytest.mark.parametrize("other", ["hero.2", "HERO", "Hero.2", "hero"])
def test_names_are_unique_on_a_disk_that_ignores_case(desk: Desk, other: str) -> None:
    text = HEAD + f"jobs:\n  - {{id: hero, takes: 2, prompt: x, image: '{LINK}'}}\n"
    text += f"  - {{id: {other}, prompt: y, image: '{LINK}'}}\n"
    assert desk.told(text) == [(Code.DUPLICATE_ID, 6, 10)]


def test_a_job_that_is_not_enabled_is_left_out(desk: Desk) -> None:
    text = HEAD + f"jobs:\n  - {{id: a, enabled: false, prompt: x, image: '{LINK}'}}\n"
    text += f"  - {{id: b, enabled: true, prompt: x, image: '{LINK}'}}\n"
    assert names(desk, text) == ["b"]


# Profiles

PROFILED = HEAD + (
    "profiles:\n  draft: {model: google/veo-3.1-fast-i2v, durationSeconds: 4}\n  empty: {}\n"
    f"jobs:\n  - {{id: a, prompt: x, image: '{LINK}'}}\n"
    f"  - {{id: b, prompt: y, image: '{LINK}', output: clips/b.mp4}}\n"
)


def test_a_profile_has_an_identity_and_a_folder_of_its_own(desk: Desk) -> None:
    for profile, folder in (("", ""), ("draft", "draft/"), ("empty", "empty/")):
        manifest = desk.valid(PROFILED, profile)
        assert [(job.identity.manifest, job.identity.profile, job.identity.job) for job in manifest.jobs] == [
            ("m", profile, "a"),
            ("m", profile, "b"),
        ]
        assert [job.output for job in manifest.jobs] == [f"outputs/m/{folder}a.mp4", f"clips/{folder}b.mp4"]
        assert manifest.profiles == ("draft", "empty")


def test_a_profile_overlays_the_model(desk: Desk) -> None:
    assert {job.request.model for job in desk.valid(PROFILED, "draft").jobs} == {"google/veo-3.1-fast-i2v"}
    assert {job.request.model for job in desk.valid(PROFILED, "empty").jobs} == {"google/veo-3.1-i2v"}


# Includes


def jobs(*ids: str, more: str = "") -> str:
    return "jobs:\n" + "".join(
        f"  - {{id: {each}, prompt: '{each} ${{vars.who:-nobody}}', image: '{LINK}'{more}}}\n" for each in ids
    )


def test_own_jobs_come_first_then_includes_as_written_and_hits_sorted(desk: Desk) -> None:
    for name in ("z/b", "z/a", "z/c", "one", "two"):
        desk.write(f"{name}.yaml", jobs(name.replace("/", "-")))
    text = HEAD + "include: [two.yaml, 'z/*.yaml', one.yaml]\n" + jobs("own")
    assert names(desk, text) == ["own", "two", "z-a", "z-b", "z-c", "one"]


def test_a_file_reached_twice_counts_once(desk: Desk) -> None:
    desk.write("a.yaml", "include: [b.yaml]\n" + jobs("a"))
    desk.write("b.yaml", jobs("b"))
    assert names(desk, HEAD + "include: [a.yaml, b.yaml, './b.yaml', '[ab].yaml']\n" + jobs("own")) == ["own", "a", "b"]


@pytest.mark.parametrize("inner", ["include: m.yaml\n", "include: a.yaml\n", "include: sub/b.yaml\n"])
def test_a_circle_of_includes_is_a_problem(desk: Desk, inner: str) -> None:
    desk.write("sub/b.yaml", "include: ../a.yaml\n" + jobs("b"))
    desk.write("a.yaml", inner + jobs("a"))
    codes = {problem.code for problem in desk.read(HEAD + "include: a.yaml\n" + jobs("own")).errors}
    assert codes == {Code.INCLUDE_CYCLE}


def test_an_include_of_nothing_is_a_problem_at_its_name(desk: Desk) -> None:
    text = HEAD + "include: [shots.yaml, 'no/*.yaml']\n" + jobs("own")
    assert desk.told(text) == [(Code.INCLUDE_MISSING, 4, 11), (Code.INCLUDE_MISSING, 4, 23)]


def test_outer_vars_defaults_and_model_hold_inside_and_inner_ones_win_and_do_not_leak(desk: Desk) -> None:
    desk.write("plain.yaml", jobs("plain"))
    desk.write(
        "own.yaml",
        "vars: {who: the inner}\ndefaults: {resolution: 720p}\nmodel: google/veo-3.1-fast-i2v\n"
        "include: deep.yaml\n" + jobs("own"),
    )
    desk.write("deep.yaml", jobs("deep"))
    text = (
        "version: 1\nmodel: google/veo-3.1-i2v\nvars: {who: the outer}\n"
        "defaults: {durationSeconds: 8, resolution: 1080p}\n"
        "include: [own.yaml, plain.yaml]\n" + jobs("outer")
    )
    seen = {
        job.name: (job.body["prompt"], job.body["resolution"], job.body["durationSeconds"], job.request.model)
        for job in desk.valid(text).jobs
    }
    outer, inner = "google/veo-3.1-i2v", "google/veo-3.1-fast-i2v"
    assert seen == {
        "outer": ("outer the outer", "1080p", "8", outer),
        "own": ("own the inner", "720p", "8", inner),
        "deep": ("deep the inner", "720p", "8", inner),
        "plain": ("plain the outer", "1080p", "8", outer),
    }


def test_templates_are_one_namespace(desk: Desk) -> None:
    desk.write("a.yaml", "templates: {inner: {negativePrompt: in}}\n" + jobs("a", more=", extends: outer"))
    text = HEAD + "include: a.yaml\ntemplates: {outer: {negativePrompt: out}}\n" + jobs("own", more=", extends: inner")
    assert {name: body["negativePrompt"] for name, body in desk.bodies(text).items()} == {"own": "in", "a": "out"}


def test_a_template_that_is_defined_twice_is_a_problem_at_the_second(desk: Desk) -> None:
    desk.write("a.yaml", "templates: {t: {negativePrompt: in}}\n" + jobs("a"))
    [problem] = desk.read(HEAD + "include: a.yaml\ntemplates: {t: {}}\n" + jobs("own")).errors
    assert (problem.code, Path(problem.location.file).name, problem.location.line) == (
        Code.DUPLICATE_TEMPLATE,
        "a.yaml",
        1,
    )


@pytest.mark.parametrize("key", ["name: x", "settings: {}", "profiles: {}"])
def test_a_fragment_cannot_say_what_only_the_manifest_says(desk: Desk, key: str) -> None:
    desk.write("a.yaml", f"{key}\n" + jobs("a"))
    [problem] = desk.read(HEAD + "include: a.yaml\n" + jobs("own")).errors
    assert (problem.code, Path(problem.location.file).name, problem.location.line) == (Code.UNKNOWN_KEY, "a.yaml", 1)


def test_a_path_is_relative_to_the_file_in_which_its_field_stands(desk: Desk) -> None:
    """The manifest, a fragment, a template of another folder, a cell: the field's file counts, not the value's."""
    for name in ("here.png", "sub/here.png", "sub/deep/here.png"):
        desk.write(name, png(16, 9))
    desk.write("sub/deep/t.yaml", "templates: {t: {image: here.png}}\n")
    desk.write("sub/rows/r.csv", "id,image\ncell,here.png\n")
    desk.write(
        "sub/a.yaml",
        "include: deep/t.yaml\njobs:\n  - {id: a, prompt: a, image: here.png}\n  - {id: t, prompt: t, extends: t}\n"
        "  - {rows: rows/r.csv, id: '${row.id}', prompt: c, image: '${row.image}'}\n",
    )
    text = HEAD + "include: sub/a.yaml\njobs:\n  - {id: own, prompt: o, image: ./here.png}\n"
    found = {name: body["image"] for name, body in desk.bodies(text).items()}
    assert all(isinstance(image, LocalImage) for image in found.values())
    assert {name: Path(str(image)).relative_to(desk.folder).as_posix() for name, image in found.items()} == {
        "own": "here.png",
        "a": "sub/here.png",
        "t": "sub/deep/here.png",
        "cell": "sub/here.png",
    }


def test_a_fragment_is_not_blamed_for_what_its_manifest_may_give(desk: Desk) -> None:
    path = desk.write(
        "a.yaml",
        "jobs:\n  - {id: a, resolution: 1080p}\n  - {id: b, extends: outer, lastFrame: https://example.com/z.jpg}\n"
        "  - {id: c, prompt: '${vars.outer}', durationSeconds: 4, resolution: 4k}\n",
    )
    found = load(path, may_be_fragment=True).problems
    assert [(problem.code, problem.location.line) for problem in found] == [
        (Code.FRAGMENT, 1),
        (Code.RESOLUTION_DURATION, 4),
    ]


# Output


OUTPUTS = {
    "the default": (None, "outputs/m/a.mp4"),
    "the job": ("clips/${job.id}.mp4", "clips/a.mp4"),
    "the model": ("clips/${job.model}/${job.id}.mp4", "clips/google-veo-3.1-i2v/a.mp4"),
    "a row": ("clips/${row.scene}/${job.id}.mp4", "clips/s1/a.mp4"),
    "never scanned again": ("clips/${row.sly}/${job.id}.mp4", "clips/${job.id}/a.mp4"),
    "a literal": ("clips/$${x}/${job.id}.mp4", "clips/${x}/a.mp4"),
    "an empty cell leaves the default": ("${row.none}", "outputs/m/a.mp4"),
}


@pytest.mark.parametrize(("pattern", "expected"), OUTPUTS.values(), ids=OUTPUTS)
def test_an_output_is_filled_once(desk: Desk, pattern: str | None, expected: str) -> None:
    desk.write("r.csv", "id,scene,sly,none\na,s1,${job.id},\n")
    own = f"    output: {flow(pattern)}\n" if pattern else ""
    text = HEAD + f"jobs:\n  - rows: r.csv\n    id: ${{row.id}}\n    prompt: x\n    image: {LINK}\n{own}"
    assert [job.output for job in desk.valid(text).jobs] == [expected]


def test_each_value_of_a_job_knows_where_it_was_written(desk: Desk) -> None:
    (job,) = desk.valid(
        "version: 1\nmodel: google/veo-3.1-i2v\ndefaults:\n  durationSeconds: 8\n"
        "templates:\n  hero: {negativePrompt: rain}\nprofiles:\n  draft: {resolution: 720p}\n"
        f"jobs:\n  - {{id: a, extends: hero, prompt: x, image: '{LINK}'}}\n",
        "draft",
    ).jobs
    said = {name: (job.layers.get(name), location.line) for name, location in job.locations.items()}
    assert said == {
        "model": ("the top level", 2),
        "durationSeconds": ("defaults", 4),
        "negativePrompt": ('template "hero"', 6),
        "resolution": ('profile "draft"', 8),
        "prompt": (None, 10),
        "image": (None, 10),
    }
