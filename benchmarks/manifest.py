"""How long a large manifest takes to be read, expanded and validated, and how much memory.

    python benchmarks/manifest.py

Each measurement is a process of its own, the best of three; they take turns, so that a machine that slows down
slows down all of them. The first is what is compared with: PyYAML's C parser and jsonschema alone, on the same
file, which gives neither places nor words.
"""

import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

COUNT = 10_000
ROUNDS = 3
OUR_KEYS = {"id", "tags"}

HEAD = "version: 1\nname: bench\nmodel: google/veo-3.1-i2v\njobs:\n"
JOB = """\
  - id: shot-{number:05}
    prompt: Shot {number}, the camera moves slowly past the red kettle towards the window
    image: https://example.com/frames/{number}.jpg
    negativePrompt: blurry, low quality
    aspectRatio: "16:9"
    durationSeconds: "8"
    resolution: 1080p
    tags: [scene-{scene}]
"""
ROWS = """\
  - rows: shots.csv
    id: ${row.shot}
    prompt: ${row.prompt}, the camera moves slowly past ${row.subject}
    image: https://example.com/frames/${row.frame}.jpg
    aspectRatio: ${row.aspect}
    durationSeconds: ${row.seconds}
    resolution: 1080p
    tags: ${row.tags}
"""
MATRIX = """\
  - id: turn-${matrix.angle}-${matrix.light}
    matrix:
      angle: [%s]
      light: [%s]
    prompt: Turntable from ${matrix.angle} degrees in light number ${matrix.light}
    image: https://example.com/${matrix.angle}.jpg
    durationSeconds: "8"
    resolution: 1080p
"""


def write(folder: Path) -> None:
    """The three manifests, each of 10,000 jobs."""
    jobs = "".join(JOB.format(number=number, scene=number % 40) for number in range(COUNT))
    (folder / "jobs.yaml").write_text(HEAD + jobs)
    (folder / "rows.yaml").write_text(HEAD + ROWS)
    with (folder / "shots.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["shot", "prompt", "subject", "frame", "aspect", "seconds", "tags", "notes"])
        for number in range(COUNT):
            row = [f"sh{number:05}", f"Shot {number}", "the red kettle", number, "16:9", 8, f"scene-{number % 40}", ""]
            table.writerow(row)
    side = range(round(COUNT**0.5))
    values = ", ".join(map(str, side))
    (folder / "matrix.yaml").write_text(HEAD + MATRIX % (values, values))


def ours(path: Path) -> int:
    """Reads, expands, validates; gives the number of jobs."""
    from batchrunner.manifest.load import load  # noqa: PLC0415  # each process loads what it measures

    manifest = load(path)
    if manifest.problems:
        raise AssertionError(manifest.problems[0])
    return len(manifest.jobs)


def libraries_alone(path: Path) -> int:
    """What the two libraries do with the same file."""
    import yaml  # noqa: PLC0415  # as above
    from jsonschema import Draft202012Validator  # noqa: PLC0415  # as above

    data: dict[str, Any] = yaml.load(path.read_text(), Loader=yaml.CSafeLoader)
    schema = Path(__file__).parent.parent / "schemas" / "models" / "google" / "veo-3.1-i2v.schema.json"
    validator = Draft202012Validator(json.loads(schema.read_text()))
    for job in data["jobs"]:
        validator.validate({name: value for name, value in job.items() if name not in OUR_KEYS})
    return len(data["jobs"])


MEASURED: dict[str, tuple[Callable[[Path], int], str]] = {
    "PyYAML and jsonschema alone": (libraries_alone, "jobs.yaml"),
    "10,000 jobs of 8 lines": (ours, "jobs.yaml"),
    "10,000 lines of a CSV": (ours, "rows.yaml"),
    "a matrix of 10,000": (ours, "matrix.yaml"),
}


def measure(name: str, folder: Path) -> None:
    """Measures one in this process, and prints seconds and MB."""
    work, file = MEASURED[name]
    began = time.perf_counter()
    count = work(folder / file)
    seconds = time.perf_counter() - began
    if count != COUNT:
        raise AssertionError(count)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak_bytes = peak if sys.platform == "darwin" else peak * 1024
    print(json.dumps([seconds, peak_bytes / 1e6]))


def measured(name: str, folder: Path) -> tuple[float, float]:
    """The same in a process of its own, the start of the interpreter not counted."""
    command = [sys.executable, __file__, name, str(folder)]
    seconds, peak_mb = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return seconds, peak_mb


def main() -> None:
    """Prints one line a manifest: seconds, peak memory, and the ratio to the libraries alone."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder)
        rounds = [{each: measured(each, folder) for each in MEASURED} for _ in range(ROUNDS)]
    best = {each: min(found[each] for found in rounds) for each in MEASURED}
    alone_s, _ = next(iter(best.values()))
    print(f"{'manifest':30} {'seconds':>8} {'peak MB':>8} {'x alone':>8}")
    for each, (seconds, peak_mb) in best.items():
        print(f"{each:30} {seconds:8.2f} {peak_mb:8.0f} {seconds / alone_s:8.2f}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(sys.argv[1], Path(sys.argv[2]))
    else:
        main()
