"""The suite on every Python that is found, once with the lowest and once with the newest libraries that are allowed.

`make test-matrix` runs it. Long journeys (marker `untraced`) stay out: they try the program, not its libraries.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
ENVIRONMENTS = ROOT / ".matrix"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
TOOLS = ("hypothesis", "pytest", "pytest-timeout", "pytest-xdist")
# What an editable installation, the lints and the site need says nothing about a library, so these tests stay out, too.
LEFT_OUT = (
    "tests/test_structure.py",
    "tests/acceptance/test_wheel.py",
    "tests/docs/test_site.py",
    "tests/docs/test_man_page.py",
)


def interpreters() -> Iterator[tuple[str, Path]]:
    """Each supported version that is here: on the path, or where pyenv keeps them."""
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions"
    for version in PYTHONS:
        found = [Path(at) for name in (f"python{version}", "python3") if (at := shutil.which(name))]
        found += sorted(pyenv.glob(f"{version}.*/bin/python"))
        python = next((each for each in found if version_of(each) == version), None)
        if python:
            yield version, python


def version_of(python: Path) -> str:
    """`3.12`; empty for what does not start."""
    asked = [str(python), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    return str(subprocess.run(asked, capture_output=True, text=True, check=False).stdout).strip()


def lowest() -> list[str]:
    """The package's own dependencies, its extra for workbooks included, each at the lower end of its range."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    ranges = [*project["dependencies"], *project["optional-dependencies"]["xlsx"]]
    bounds = (re.match(r"([\w-]+)>=([\w.]+)", each) for each in ranges)
    return [f"{bound[1]}=={bound[2]}" for bound in bounds if bound]


def make(name: str, python: Path, pins: list[str]) -> Path:
    """A new environment with the package, its libraries as they are pinned, and the tools of the tests."""
    folder = ENVIRONMENTS / name
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([str(python), "-m", "venv", str(folder)], check=True)
    own = folder / "bin" / "python"
    quiet = ["--quiet", "--disable-pip-version-check"]
    subprocess.run([str(own), "-m", "pip", "install", *quiet, "--editable", f"{ROOT}[xlsx]", *TOOLS, *pins], check=True)
    return own


def is_green(python: Path) -> bool:
    """Whether the suite passes in an environment."""
    left_out = [word for path in LEFT_OUT for word in ("--ignore", path)]
    command = [str(python), "-m", "pytest", "-q", "-m", "not untraced", "--numprocesses", "4", "--dist", "worksteal"]
    return subprocess.run([*command, *left_out], cwd=ROOT, check=False).returncode == 0


def main() -> int:
    """Runs all of it, and ends with a line for each."""
    results = {}
    for version, python in interpreters():
        for which, pins in (("lowest", lowest()), ("newest", [])):
            name = f"{version}-{which}"
            print(f"== Python {version}, {which} libraries", flush=True)  # noqa: T201  # this is a command
            results[name] = is_green(make(name, python, pins))
    for name, green in results.items():
        print(f"{name:14} {'passed' if green else 'FAILED'}")  # noqa: T201  # as above
    return 0 if results and all(results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
