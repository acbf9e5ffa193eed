"""Manifests by chance, over the whole language: plain data, to be dumped as YAML beside the files of `lay_out`."""

from typing import Any

from hypothesis import strategies as st

from batchrunner.manifest.yaml.document import dump
from tests.io.test_images import png
from tests.manifest.desk import Desk

Data = dict[str, Any]

MODELS = ("google/veo-3.1-i2v", "google/veo-3.1-fast-i2v")
VARS: Data = {"who": "a red kettle", "number": 8, "list": ["spring", "007"], "yes": True, "empty": "", "sly": "$x {y}"}
FILES = {
    "rows/shots.csv": 'id;Shot Prompt;secs;tags;on\r\na;"Steam; and\r\nlight";;wide close;true\r\nb;A cat: #1;8;;\r\n',
    "rows/looks.jsonl": '{"id": "c", "Shot Prompt": "${vars.who}", "secs": 8, "tags": ["x", "y"], "on": null}\n',
    "frames/d.txt": "A caption: with a colon\n",
}
PICTURES = ("frames/d.png", "more frames/e.png")
ROWS = ("rows/shots.csv", "rows/looks.jsonl")
GLOB = {"glob": "frames/*.png", "x-note": "ours"}
TEMPLATES = ("t", "hero", "2026", "a b")
PROFILES = ("draft", "p2")
SPICES = ("", " ", ":", "#", "'", '"', "\n", "\t", "- ", "é", "🎬", "$${", "$", "{", "}", "null", "1e3", "\u2028")


def lay_out(desk: Desk) -> None:
    """The files that the manifests name."""
    for name, content in FILES.items():
        desk.write(name, content)
    for name in PICTURES:
        desk.write(name, png(16 * (1 + PICTURES.index(name)), 9 * (1 + PICTURES.index(name))))


def or_none(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(values, values, values, st.none())


words = st.sampled_from(("steam", "light", "a hand", "007", "no", "8", "1.50", "true"))
prose = st.lists(
    st.one_of(words, st.sampled_from(SPICES), st.sampled_from(("${vars.who}", "${manifest.name}", "${env.NO:-x}"))),
    max_size=5,
).map(lambda parts: "a" + "".join(parts))
links = st.sampled_from(
    ("https://example.com/a.jpg", "https://example.com/b.jpg?w=1&X-Amz-Date=2", "more frames/e.png")
)
tags = st.one_of(
    words, st.lists(st.one_of(words, st.integers(0, 9))), st.just("${vars.list}"), st.just(["${vars.who}"])
)
lengths = st.sampled_from((8, "8", "${vars.number}", "${vars.empty}", "${env.NO:-8}"))

# The fields that every layer may hold, each so that any mixture of them is nearly always valid.
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "model": st.sampled_from(MODELS),
    "tags": or_none(tags),
    "enabled": st.sampled_from((True, "${vars.yes}", "${vars.empty}")),
    "negativePrompt": or_none(st.one_of(prose, st.integers(), st.booleans(), st.just(""))),
    "aspectRatio": or_none(st.just("16:9")),
    "durationSeconds": lengths,
    "resolution": or_none(st.sampled_from(("720p", "1080p", "4k"))),
    "personGeneration": or_none(st.just("allow_adult")),
    "x-note": st.sampled_from((None, [1], {"a": "${"})),
}
layers = st.fixed_dictionaries({}, optional=FIELDS)


def _id(number: int, matrix: Data | None, rows: Any) -> str:
    axes = "".join(f"-${{matrix.{axis}}}" for axis in matrix or {} if axis not in {"include", "exclude"})
    column = "stem" if rows == GLOB else "id"
    return f"j{number}{axes}" + (f"-${{row.{column}:-x}}" if rows else "")


@st.composite
def _matrices(draw: st.DrawFn) -> Data:
    axes = draw(st.lists(st.sampled_from(("x", "light")), min_size=1, max_size=2, unique=True))
    values = st.lists(st.sampled_from((1, 2, 2.5, "day", "x9", True)), min_size=1, max_size=3, unique_by=str)
    matrix: Data = {axis: draw(values) for axis in axes}
    if draw(st.booleans()):
        matrix["exclude"] = draw(st.sampled_from(([], {axes[0]: "day"}, [{axes[0]: 1}])))
    if draw(st.booleans()):
        matrix["include"] = [dict.fromkeys(axes, "added")]
    return matrix


@st.composite
def _jobs(draw: st.DrawFn, number: int) -> Data:
    matrix, rows = draw(st.none() | _matrices()), draw(st.sampled_from((None, None, *ROWS, GLOB)))
    job: Data = {"id": _id(number, matrix, rows), "prompt": draw(prose), **draw(layers)}
    job |= {"matrix": matrix} if matrix else {}
    job |= {"rows": rows} if rows else {}
    if draw(st.booleans()):
        job["extends"] = draw(st.one_of(st.sampled_from(TEMPLATES), st.lists(st.sampled_from(TEMPLATES), max_size=3)))
    if draw(st.booleans()):
        job["takes"] = draw(st.sampled_from((1, 2, 3)))
    if draw(st.booleans()):
        job["output"] = draw(
            st.sampled_from(
                (f"o{number}/${{job.id}}.mp4", f"o{number}/$${{job.id}}/${{job.model}}-${{job.id}}/j{number}.mp4")
            )
        )
    if rows and rows != GLOB:
        own = {
            "prompt": '${row["Shot Prompt"]} x',
            "durationSeconds": "${row.secs}",
            "tags": "${row.tags}",
            "enabled": "${row.on}",
        }
        job |= draw(st.fixed_dictionaries({}, optional={key: st.just(value) for key, value in own.items()}))
    if draw(st.integers(0, 3)):
        job |= {"image": draw(links)}
        job |= {"lastFrame": draw(links)} if draw(st.booleans()) else {}
    else:
        job |= {
            "referenceImages": draw(st.lists(links, min_size=1, max_size=3)),
            "negativePrompt": None,
            "lastFrame": None,
        }
    keys = draw(st.permutations(list(job)))
    return {key: job[key] for key in keys}


@st.composite
def manifests(draw: st.DrawFn) -> Data:
    """A whole manifest."""
    count = draw(st.integers(1, 3))
    data: Data = {
        "version": 1,
        "model": draw(st.sampled_from(MODELS)),
        "vars": VARS,
        "defaults": {"durationSeconds": 8, **draw(layers)},
        "templates": {name: draw(layers) for name in TEMPLATES},
        "profiles": {
            name: {key: value for key, value in draw(layers).items() if key != "negativePrompt"} for name in PROFILES
        },
        "jobs": [draw(_jobs(number)) for number in range(count)],
    }
    if draw(st.booleans()):
        data["name"] = draw(st.sampled_from(("spring", "007", "1e3", "true.2", 7)))
    if draw(st.booleans()):
        settings = {
            "concurrency": st.sampled_from((2, "3", "${vars.number}")),
            "rate": st.sampled_from((90, "100/min", "5/s")),
            "task_timeout": st.just("30m"),
            "retries": st.integers(0, 3),
            "budget": st.sampled_from((900, 12.50, "$40", "${env.NO:-7}")),
            "download_limit": st.sampled_from(("500MB", "8 GiB")),
            "output": st.sampled_from(("clips/${manifest.name}/${job.id}.mp4", "clips/j0/${job.id}.mp4")),
        }
        data["settings"] = draw(st.fixed_dictionaries({}, optional=settings))
    data |= draw(st.fixed_dictionaries({}, optional={"$schema": st.just("../x.json"), "x-notes": st.just([1])}))
    return data


def text_of(data: Data) -> str:
    """A manifest's text."""
    return dump(data)
