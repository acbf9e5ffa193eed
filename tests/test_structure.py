"""The structure of the package: names and sizes, who may import whom, and who alone uses which library."""

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median

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


def test_the_modules_of_the_package_are_found() -> None:
    assert {"planning/planner.py", "io/clock.py", "storage/sqlite/ledger.py", "cli/commands/run.py"} <= set(MODULES)


def test_only_the_entry_points_and_the_errors_are_single_files_at_the_top() -> None:
    assert {name for name in MODULES if "/" not in name} == {"__init__.py", "__main__.py", "errors.py"}


def test_no_two_modules_have_the_same_name() -> None:
    named_like_commands = {name.rpartition("/")[2] for name in MODULES if name.startswith("cli/commands/")}
    names = Counter(name.rpartition("/")[2] for name in MODULES if not name.startswith("cli/commands/"))
    assert named_like_commands
    assert {name for name, count in names.items() if count > 1} == {"__init__.py"}


def test_no_two_classes_have_the_same_name() -> None:
    names = Counter(
        node.name.lstrip("_") for tree in MODULES.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
    )
    assert {name for name, count in names.items() if count > 1} == set()


def over(sizes: Mapping[str, int], limit: int) -> dict[str, int]:
    return {name: size for name, size in sizes.items() if size > limit}


def check_limit(sizes: Mapping[str, int], limit: int, excess: Mapping[str, int]) -> None:
    """Nothing is larger than the limit, but for what `excess` names, which may shrink and never grow."""
    found = over(sizes, limit)
    grown = {name: size for name, size in found.items() if size > excess.get(name, limit)}
    assert grown == {}, f"larger than {limit}, or than this file allows"
    assert excess.keys() - found.keys() == set(), "no longer too large: take it off the list"


MOST_LINES_OF_A_FILE = 250
LONG_FILES: dict[str, int] = {}
MOST_LINES_OF_A_FUNCTION = 44
LONG_FUNCTIONS: dict[str, int] = {}
MOST_PARAMETERS = 12
# Constructors of records, whose fields are given by name.
LARGE_RECORDS = {
    "app/run_options.py:RunOptions": 23,
    "reports/report.py:ReportRow": 23,
    "sandbox/behaviour.py:Behaviour": 21,
    "domain/attempt.py:Attempt": 19,
    "planning/plan_summary.py:PlanSummary": 17,
    "planning/batch.py:Batch": 13,
}


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for name, tree in MODULES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{name}:{node.name}", node


def lines_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or 0) - node.lineno + 1


def test_no_file_is_too_long() -> None:
    sizes = {name: len((PACKAGE / name).read_bytes().splitlines()) for name in MODULES}
    check_limit(sizes, MOST_LINES_OF_A_FILE, LONG_FILES)


def test_no_function_is_too_long() -> None:
    sizes: dict[str, int] = {}
    for name, node in functions():
        sizes[name] = max(sizes.get(name, 0), lines_of(node))
    check_limit(sizes, MOST_LINES_OF_A_FUNCTION, LONG_FUNCTIONS)
    assert median(lines_of(node) for _, node in functions()) <= 6


def test_no_function_takes_too_many_parameters() -> None:
    sizes = {name: len([*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]) for name, node in functions()}
    check_limit(sizes, MOST_PARAMETERS, {})


def is_given(field: ast.AnnAssign) -> bool:
    """Whether whoever makes the record names this field."""
    arguments = field.value.keywords if isinstance(field.value, ast.Call) else []
    return not any(each.arg == "init" for each in arguments)


def test_no_record_has_too_many_fields() -> None:
    sizes = {
        f"{name}:{node.name}": sum(isinstance(field, ast.AnnAssign) and is_given(field) for field in node.body)
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and node.decorator_list
    }
    check_limit(sizes, MOST_PARAMETERS, LARGE_RECORDS)


def test_a_module_imports_only_from_floors_below_its_own() -> None:
    result = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_sandbox_knows_nothing_of_what_it_is_to_contradict() -> None:
    known = {
        ".".join((node.module or "").split(".")[:2])
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if name.startswith("sandbox/") and isinstance(node, ast.ImportFrom)
    }
    assert {name for name in known if name.startswith("batchrunner")} == {"batchrunner.io", "batchrunner.sandbox"}


@every_module
def test_a_module_begins_with_what_it_is(name: str) -> None:
    first_line, *_ = (ast.get_docstring(MODULES[name]) or "").splitlines() or [""]
    assert re.fullmatch(r"\S.{8,}[.?:]", first_line)


ALONE = {
    "httpx": ("io/http/",),
    "httpcore": ("io/http/network.py",),
    "yaml": ("manifest/yaml/document.py", "catalog/loader.py"),
    "jsonschema": ("manifest/field_errors.py", "catalog/"),
    "sqlite3": ("storage/sqlite/",),
    "filelock": ("storage/run_lock.py",),
    "click": ("cli/",),
    "tabulate": ("reports/",),
    "rich": ("cli/live_view.py",),
    "csv": ("manifest/", "reports/"),
    "time": ("io/clock.py",),
    "pydantic": (),
    "requests": (),
    "urllib3": (),
    "threading": ("app/run_steering.py", "cli/event_output.py"),
    "subprocess": ("io/keep_awake.py",),
    "signal": ("cli/", "io/keep_awake.py"),
}


@pytest.mark.parametrize("library", ALONE)
def test_a_library_is_known_where_it_belongs_and_nowhere_else(library: str) -> None:
    users = {name for name, tree in MODULES.items() if library in imported(tree)}
    assert {name for name in users if not name.startswith(ALONE[library] or ("nobody",))} == set()


def test_one_module_decides_which_database_keeps_a_ledger() -> None:
    users = {
        name
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("batchrunner.storage.sqlite")
    }
    assert {name for name in users if not name.startswith("storage/sqlite/")} == {"storage/open.py"}


def test_only_the_registry_knows_which_providers_there_are() -> None:
    users = {
        name
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("batchrunner.providers.modellix")
    }
    assert {name for name in users if not name.startswith("providers/modellix/")} == {"providers/provider_registry.py"}


def test_every_foreign_library_has_its_place() -> None:
    foreign = {one for tree in MODULES.values() for one in imported(tree)} - sys.stdlib_module_names - {"batchrunner"}
    assert foreign == {"httpcore", "httpx", "yaml", "jsonschema", "filelock", "click", "tabulate", "rich"}


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


@pytest.mark.parametrize("floor", ["planning/", "domain/", "reports/"])
def test_what_is_pure_touches_no_network_disk_or_clock(floor: str) -> None:
    effects = {"asyncio", "os", "pathlib", "shutil", "socket", "sqlite3", "subprocess", "tempfile", "time", "httpx"}
    pure = (name for name in MODULES if name.startswith(floor) and name != "planning/batch.py")  # it looks at files
    touched = {name: effects & set(imported(MODULES[name])) for name in pure}
    assert {name: found for name, found in touched.items() if found} == {}


@pytest.mark.parametrize("folder", ["app", "cli", "catalog", "storage", "manifest", "planning", "domain", "reports"])
def test_what_needs_no_waiting_has_no_coroutines(folder: str) -> None:
    may_wait = {
        "app/approval.py",
        "app/endpoint.py",
        "app/links.py",
        "app/project.py",
        "app/published_pages.py",
        "app/run.py",
        "app/run_manifest.py",
        "app/run_steering.py",
        "app/webhook.py",
        "cli/commands/sandbox.py",
        "cli/commands/uploads.py",
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


LOOPS = {"asyncio.run", "asyncio.Runner", "asyncio.new_event_loop", "().run_until_complete"}


def test_only_the_command_line_starts_an_event_loop_and_the_library_one_in_a_thread() -> None:
    starting = {name for name, tree in MODULES.items() if LOOPS & set(called(tree))}
    assert {name for name in starting if not name.startswith("cli/")} == {"app/run_steering.py"}


def test_only_the_command_line_talks_to_the_terminal() -> None:
    talking = {
        name
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"stdin", "stdout", "stderr", "argv"}
    }
    assert {name for name in talking if not name.startswith("cli/")} <= {"io/keep_awake.py"}
    assert talking


ENVIRONMENT = {"environ", "environb", "getenv"}


def test_only_the_command_line_reads_the_environment_and_the_library_where_it_is_asked_to() -> None:
    reading = {
        name
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ENVIRONMENT
    }
    # whose ledgers a person trusts is kept in that person's state folder, which the environment may name
    asked = {"app/environment.py", "storage/trusted_ids.py"}
    assert {name for name in reading if not name.startswith("cli/")} == asked


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
