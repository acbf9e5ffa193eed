"""How the house is built: who may know whom, and who alone may touch what."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "batchrunner"
MODULES = {path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_bytes()) for path in PACKAGE.rglob("*.py")}

every_module = pytest.mark.parametrize("name", sorted(MODULES))


def imported(tree: ast.Module) -> Iterator[str]:
    """The top-level names of what a module imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


def test_there_is_a_house() -> None:
    assert {"planning/planner.py", "io/clock.py", "storage/sqlite/ledger.py", "cli/commands/run.py"} <= set(MODULES)


def test_a_module_imports_only_from_floors_below_its_own() -> None:
    result = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


@every_module
def test_a_module_begins_with_what_it_is(name: str) -> None:
    first_line, *_ = (ast.get_docstring(MODULES[name]) or "").splitlines() or [""]
    assert re.fullmatch(r"\S.{8,}[.?:]", first_line)


ALONE = {
    "httpx": ("io/http/",),
    "httpcore": ("io/http/network.py",),
    "yaml": ("manifest/yaml/document.py",),
    "jsonschema": ("manifest/validate.py",),
    "sqlite3": ("storage/sqlite/",),
    "filelock": ("storage/run_lock.py",),
    "click": ("cli/",),
    "tabulate": ("reports/",),
    "csv": ("manifest/", "reports/"),
    "time": ("io/clock.py",),
    "pydantic": (),
    "requests": (),
    "urllib3": (),
    "threading": (),
    "subprocess": ("io/keep_awake.py",),
}


@pytest.mark.parametrize("library", ALONE)
def test_a_library_is_known_where_it_belongs_and_nowhere_else(library: str) -> None:
    users = {name for name, tree in MODULES.items() if library in imported(tree)}
    assert {name for name in users if not name.startswith(ALONE[library] or ("nobody",))} == set()


def test_every_foreign_library_has_its_place() -> None:
    foreign = {one for tree in MODULES.values() for one in imported(tree)} - sys.stdlib_module_names - {"batchrunner"}
    assert foreign == {"httpcore", "httpx", "yaml", "jsonschema", "filelock", "click", "tabulate"}


CLOCKS = {
    *(f"time.{name}" for name in ("time", "time_ns", "monotonic", "perf_counter", "sleep", "localtime", "gmtime")),
    *(f"datetime.{name}" for name in ("now", "utcnow", "today")),
    "date.today",
}


def called(tree: ast.Module) -> Iterator[str]:
    """What a module calls, by its last two names: `datetime.now`, and `().time` of whatever a call gave."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            last = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else "()"
            yield f"{last}.{node.func.attr}"


@every_module
def test_only_the_clock_reads_the_time(name: str) -> None:
    read = {call for call in called(MODULES[name]) if call in CLOCKS or re.fullmatch(r"(\(\)|.*loop)\.time", call)}
    assert (read != set()) == (name == "io/clock.py"), read


@pytest.mark.parametrize("floor", ["planning/planner.py", "domain/", "reports/"])
def test_what_is_pure_touches_no_network_disk_or_clock(floor: str) -> None:
    effects = {"asyncio", "os", "pathlib", "shutil", "socket", "sqlite3", "subprocess", "tempfile", "time", "httpx"}
    touched = {name: effects & set(imported(tree)) for name, tree in MODULES.items() if name.startswith(floor)}
    assert {name: found for name, found in touched.items() if found} == {}


@pytest.mark.parametrize("folder", ["app", "cli", "catalog", "storage", "manifest", "planning", "domain", "reports"])
def test_what_needs_no_waiting_has_no_coroutines(folder: str) -> None:
    may_wait = {
        "app/links.py",
        "app/webhook.py",
        "cli/commands/sandbox.py",
        "cli/context.py",
        "cli/commands/uploads.py",
        "cli/work.py",
    }
    waiting = {
        name
        for name, tree in MODULES.items()
        if name.startswith(f"{folder}/") and any(isinstance(node, ast.AsyncFunctionDef) for node in ast.walk(tree))
    }
    assert waiting <= may_wait


def test_no_file_is_named_after_nothing() -> None:
    forbidden = {
        "utils",
        "util",
        "helpers",
        "helper",
        "common",
        "manager",
        "managers",
        "base",
        "misc",
        "core",
        "shared",
    }
    paths = [*PACKAGE.rglob("*"), *(ROOT / "tests").rglob("*")]
    assert not [path for path in paths if path.stem.lstrip("_") in forbidden]


def test_only_the_boundary_prints_and_ends_the_process() -> None:
    names = {"print", "exit", "quit", "breakpoint", "input"}
    found = {
        (name, node.func.id)
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names
    }
    assert found == set()
    assert {name for name, tree in MODULES.items() if "sys.exit" in called(tree)} == {"cli/main.py"}


def test_every_test_folder_is_a_package_and_every_test_is_a_sentence() -> None:
    tests = ROOT / "tests"
    for path in tests.rglob("test_*.py"):
        assert (path.parent / "__init__.py").exists(), path
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                assert node.name.count("_") >= 3, f"{path.name}: {node.name}"
