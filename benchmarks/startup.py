"""How long the command takes to say something, as a multiple of a bare interpreter on the same machine.

    python benchmarks/startup.py

Each command is run in turn with the bare interpreter, so that a machine that slows down slows down both.
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

EXAMPLE = Path(__file__).parent.parent / "jobs-examples" / "01-first.yaml"
RUNS = 15
BARE = [sys.executable, "-c", "pass"]
COMMANDS = {
    "batchrunner --help": [sys.executable, "-m", "batchrunner", "--help"],
    "batchrunner validate": [sys.executable, "-m", "batchrunner", "validate", str(EXAMPLE)],
    "batchrunner plan": [sys.executable, "-m", "batchrunner", "plan", str(EXAMPLE)],
}


def seconds(command: list[str]) -> float:
    """How long one run takes, whole process."""
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> None:
    """Prints one line a command: the median and its ratio to the bare interpreter."""
    print(f"{'command':24} {'median ms':>10} {'x bare':>8}")
    for name, command in COMMANDS.items():
        seconds(command)
        pairs = [(seconds(command), seconds(BARE)) for _ in range(RUNS)]
        median_ms = statistics.median(ours for ours, _ in pairs) * 1000
        ratio = statistics.median(ours / bare for ours, bare in pairs)
        print(f"{name:24} {median_ms:10.0f} {ratio:8.1f}")


if __name__ == "__main__":
    main()
