"""A thousand clips in real time against the imitated service on a port: wall time, CPU per job, and memory over time.

    python benchmarks/night.py

The service runs in a process of its own, with 50 slots and clips of 5 seconds: 100 seconds at best. Memory is read
after each quarter of the clips: what grows with each job would show between them.
"""

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

JOBS = 1_000
SLOTS = 50
LATENCY_S = 5
COMMAND = Path(sys.executable).with_name("batchrunner")
HEAD = "version: 1\nname: night\nmodel: google/veo-3.1-i2v\ndefaults: {durationSeconds: 8, resolution: 720p}\njobs:\n"
JOB = "  - {{id: shot-{number:04}, prompt: Shot {number}, image: https://example.com/{number}.jpg}}\n"


def service(folder: Path) -> "tuple[subprocess.Popen[str], dict[str, str]]":
    """The imitated service at work, and the environment that leads to it."""
    options = ["--port", "0", "--latency", str(LATENCY_S), "--concurrency", str(SLOTS), "--rate", "6000"]
    process = subprocess.Popen(
        [COMMAND, "sandbox", *options, "--balance", "10000"], cwd=folder, stdout=subprocess.PIPE, text=True
    )
    told = process.stdout.readline() if process.stdout else ""
    return process, dict(re.findall(r"(MODELLIX_\w+)=(\S+)", told))


def resident_mb(pid: int) -> float:
    """What a process holds in memory just now; 0 where the system does not say."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    found = re.search(r"VmRSS:\s+(\d+)", status)
    return int(found[1]) / 1024 if found else 0.0


def run(folder: Path, environment: dict[str, str]) -> None:
    """One run, measured from outside."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [COMMAND, "run", "night.yaml", "--yes", "--quiet", "--no-canary"],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    quarters_mb: dict[int, float] = {}
    while process.poll() is None:
        quarter = 4 * len(list((folder / "outputs" / "night").glob("*.mp4"))) // JOBS
        quarters_mb[quarter] = resident_mb(process.pid) or quarters_mb.get(quarter, 0.0)
        time.sleep(0.5)
    wall_s = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    best_s = JOBS / SLOTS * LATENCY_S
    print(f"exit {process.returncode}; {JOBS:,} clips in {wall_s:.0f} s, {wall_s / best_s:.2f} times the best")
    print(f"CPU: {(used.ru_utime + used.ru_stime) / JOBS * 1000:.0f} ms a job, start and end included")
    print("memory: " + ", ".join(f"{quarters_mb[quarter]:.0f}" for quarter in sorted(quarters_mb)), "MB by quarters")


def main() -> None:
    """Prints the three lines."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "night.yaml").write_text(HEAD + "".join(JOB.format(number=number) for number in range(JOBS)))
        process, environment = service(folder)
        try:
            run(folder, environment)
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
