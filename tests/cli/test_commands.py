"""The commands as a whole: each says what it does, shows an example, and can be set from the environment."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from batchrunner import __version__, cli
from batchrunner.cli.group import COMMANDS, command_of, every_command, group
from batchrunner.cli.main import outcome
from batchrunner.engine.assembly import CANARY_FOR
from batchrunner.errors import ExitCode

# Options that consent, pay again or decide: nobody does that by having set a variable last week.
DECIDING = {
    "fresh",
    "yes",
    "plan",
    "max_cost",
    "allow_partial",
    "pay_again",
    "not_submitted",
    "task",
    "allow_unpriced",
    "accept_drift",
    "offline_file",
    "max_replace",
}


def options() -> Iterator[tuple[str, click.Option]]:
    for name in every_command():
        for parameter in command_of(name).params:
            if isinstance(parameter, click.Option) and parameter.expose_value:
                yield name, parameter


OPTIONS = list(options())
IDS = [f"{name} {option.opts[0]}" for name, option in OPTIONS]


@pytest.mark.parametrize("name", every_command())
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_every_command_explains_itself_and_shows_an_example(
    capsys: pytest.CaptureFixture[str], name: str, flag: str
) -> None:
    assert outcome([*name.split(), flag]) == ExitCode.DONE
    shown = capsys.readouterr()
    assert shown.out.startswith(f"Usage: batchrunner {name} ")
    assert re.search(rf"Example: batchrunner {name}\b", shown.out)
    assert shown.err == ""


def test_no_class_of_click_is_given_a_type_while_a_command_starts() -> None:
    """The oldest click that may be installed (8.1) has no generic classes: `run` could not be imported with it."""
    modules = Path(cli.__file__).parent.glob("**/*.py")
    assert not [path.name for path in modules if re.search(r"click\.\w+\[", path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize(("name", "sentence"), every_command().items())
def test_the_list_of_commands_says_what_each_says_of_itself(name: str, sentence: str) -> None:
    assert (command_of(name).help or "").splitlines()[0].replace("\b", "").strip() == sentence


def test_the_help_of_all_shows_where_to_begin_line_by_line() -> None:
    lines = CliRunner().invoke(group, ["-h"]).stdout.splitlines()
    begin = lines.index("  Start here:")
    assert [line.split()[:2] for line in lines[begin + 1 : begin + 5]] == [
        ["batchrunner", name] for name in ("demo", "validate", "plan", "run")
    ]
    assert not [line for line in lines if "\\" in line or "\b" in line]


def test_the_help_of_all_lists_every_command() -> None:
    shown = CliRunner().invoke(group, ["-h"])
    assert [line.split()[0] for line in shown.stdout.partition("Commands:")[2].splitlines() if line[2:3].strip()] == [
        *COMMANDS
    ]


@pytest.mark.parametrize("name", every_command())
def test_an_example_can_be_typed_as_it_stands(name: str) -> None:
    """Every word of it is an argument or option that the command has."""
    (example,) = re.findall(r"Example: batchrunner (.+)", command_of(name).help or "")
    assert example.startswith(name)
    command_of(name).make_context(name, example.removeprefix(name).split(), resilient_parsing=False)


@pytest.mark.parametrize(("name", "option"), OPTIONS, ids=IDS)
def test_every_option_says_what_it_is_for(name: str, option: click.Option) -> None:
    assert option.help or name == "sandbox", option.opts


@pytest.mark.parametrize(
    ("name", "option"),
    # `sandbox` is exempt: BATCHRUNNER_RATE paces a run, and must not be taken for what the imitated service allows
    [(name, option) for name, option in OPTIONS if name != "sandbox"],
    ids=[each for each in IDS if not each.startswith("sandbox ")],
)
def test_an_option_has_an_environment_form_unless_it_consents_pays_or_decides(name: str, option: click.Option) -> None:
    long_name = next(each for each in option.opts if each.startswith("--"))
    variable = f"BATCHRUNNER_{long_name.removeprefix('--').replace('-', '_').upper()}"
    assert option.envvar == (None if option.name in DECIDING else variable), name


def test_no_option_takes_a_secret() -> None:
    assert not [option for _, option in OPTIONS if re.search("key|secret|token|password", str(option.name))]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nonsense"], "No such command 'nonsense'. `batchrunner -h` lists them."),
        (["rum", "film.yaml"], "No such command 'rum'. Did you mean `run`?"),
        (["Retri", "film.yaml"], "No such command 'Retri'. Did you mean `retry`?"),
        (["models", "chek"], "No such command 'chek'. Did you mean `check`?"),
        (["--nonsense"], "No such option"),
        (["run", "film.yaml", "--dedline", "8h"], "--deadline"),
        (["run"], "Missing argument 'MANIFEST'"),
        (["run", "film.yaml", "--nonsense"], "No such option"),
        (["run", "film.yaml", "--max-cost", "lots"], "write an amount in US dollars, such as `900`"),
        (["run", "film.yaml", "--concurrency", "0"], "expected a whole number from 1 to 1000"),
        (["run", "film.yaml", "--rate", "fast"], "write a rate such as `100/min` or `5/s`, or `auto`"),
        (["run", "film.yaml", "-o", "xml"], "'xml' is not one of 'table', 'json'"),
        (["run", "film.yaml", "--deadline", "7 am"], "'7 am' is not a deadline; write for example `07:00`"),
        (["validate"], "Missing argument 'MANIFEST...'"),
        (["resolve", "film.yaml"], "film.yaml"),
        (["pick", "film.yaml"], "Missing argument 'JOB'"),
        (["sandbox", "--fault", "nonsense=1"], "nonsense"),
    ],
)
def test_what_cannot_be_understood_ends_with_2_and_says_why(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert outcome(arguments) == ExitCode.USAGE
    shown = capsys.readouterr()
    assert shown.out == ""
    assert words in shown.err


def test_a_port_that_is_in_use_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        port = somebody.getsockname()[1]
        assert outcome(["sandbox", "--port", str(port), "--state", str(tmp_path / "state.jsonl")]) == ExitCode.USAGE
    assert capsys.readouterr().err == f"batchrunner: port {port} is in use: choose another with --port\n"


@pytest.mark.parametrize("arguments", [["-h"], ["--help"], ["--version"], ["run", "-h"], ["sandbox", "--faults"]])
def test_what_only_tells_ends_with_0(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert outcome(arguments) == ExitCode.DONE
    assert capsys.readouterr().out


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    outcome(["--version"])
    assert __version__ in capsys.readouterr().out


@pytest.mark.parametrize("name", ["validate", "plan"])
def test_a_profile_that_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    manifest = tmp_path / "film.yaml"
    text = "version: 1\nmodel: google/veo-3.1-i2v\nprofiles: {draft: {resolution: 720p}}\njobs: []\n"
    manifest.write_text(text, encoding="utf-8")
    assert outcome([name, str(manifest), "--profile", "darft"]) == ExitCode.USAGE
    assert "has no profile darft; there are: draft" in capsys.readouterr().err


def test_a_deadline_that_has_gone_by_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = tmp_path / "film.yaml"
    manifest.write_text("version: 1\nmodel: google/veo-3.1-i2v\njobs: []\n", encoding="utf-8")
    assert outcome(["run", str(manifest), "--sandbox", "--deadline", "2026-01-01T07:00+01:00"]) == ExitCode.USAGE
    assert "--deadline: 2026-01-01T07:00+01:00 is in the past" in capsys.readouterr().err


DOCS = Path(__file__).parents[2] / "docs"


def page(name: str) -> str:
    """The text of a page, on one line."""
    return " ".join((DOCS / name).read_text(encoding="utf-8").split())


def test_it_is_said_from_how_many_jobs_on_a_new_model_gets_one_first(capsys: pytest.CaptureFixture[str]) -> None:
    outcome(["run", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert f"more than {CANARY_FOR} jobs" in shown.partition("--no-canary")[2].partition("--deadline")[0]
    assert f"more than {CANARY_FOR} jobs" in page("journey.md")


def test_every_variable_of_the_environment_that_names_the_service_is_on_its_page() -> None:
    modules = Path(cli.__file__).parents[1].rglob("**/*.py")
    read = {name for path in modules for name in re.findall(r"MODELLIX(?:_[A-Z]+)+", path.read_text(encoding="utf-8"))}
    assert read == {"MODELLIX_API_KEY", "MODELLIX_API_KEY_FILE", "MODELLIX_BASE_URL"}
    assert {name for name in read if f"`{name}`" not in page("programs.md")} == set()
