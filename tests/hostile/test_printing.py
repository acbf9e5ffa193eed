"""What is printed: whatever came from outside is shown, and does nothing to terminals, pipelines, sheets and pages."""

import csv
import io
import json
import re
import shutil
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import click
import pytest

from batchrunner.cli import terminal as outlet
from batchrunner.cli.group import COMMANDS
from batchrunner.cli.main import outcome
from batchrunner.cli.progress import ConsoleProgress
from batchrunner.domain.event import EventKind, Progress, RunEvent
from batchrunner.domain.status import Status
from batchrunner.domain.text import in_lines, visible
from batchrunner.domain.uploaded_image import Upload
from batchrunner.errors import ExitCode, UsageError
from batchrunner.io.clock import Clock
from batchrunner.manifest.yaml.document import dump
from batchrunner.reports.layout import table
from batchrunner.reports.run_view import plain_line
from batchrunner.storage.open import open_ledger
from batchrunner.storage.run_lock import run_lock
from tests.cli.pseudo_terminal import on_terminal
from tests.cli.test_uploads import Rehearsal
from tests.engine.services import refusing
from tests.manifest.desk import parsed

ESC = "\x1b[2J\x1b]0;title\x07\x1b]52;c;aGk=\x07\x9b31m"
BIDI = "\u202egnp.exe\u2066\u2069\u200f"
COMMANDS_OF_PIPELINES = "\n::add-mask::e\n  ::set-env name=PATH::/tmp\r::stop-commands::x ##[add-mask]y ##vso[task.x]z"
MARKUP = (
    "</td><script>alert(1)</script><img src=x onerror=alert(1)>|`x`[link](javascript:alert(1)) https://evil.example"
)
HOSTILE = f"=cmd|' /C calc'!A0{ESC}{BIDI}{COMMANDS_OF_PIPELINES}{MARKUP}\ttab\x00\u2028end"
PROMPT = HOSTILE.replace("\x00", "").replace("\x9b", "")  # a manifest can hold no more

OUR_STYLE = re.compile(r"\x1b\[(?:0|1|2|31|32|33)m")
UNSEEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def assert_harmless(text: str) -> None:
    """No control character but line breaks and our own colours, and no line that a pipeline takes for a command."""
    plain = OUR_STYLE.sub("", text)
    assert {c for c in plain if unicodedata.category(c) in UNSEEN} <= {"\n"}
    for line in plain.splitlines():
        assert not line.lstrip().startswith("::"), line
        assert not re.search(r"##\w*\[", line), line


@pytest.fixture(autouse=True)
def colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """click itself takes some escapes out where nobody watches: we do not rely on that."""
    monkeypatch.setattr("click.utils.should_strip_ansi", lambda *_, **__: False)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a hostile prompt, tag, refusal, picture's name and upload; nothing of it is open."""
    folder = tmp_path_factory.mktemp("hostile") / "film"
    folder.mkdir()
    batch = Rehearsal(folder, clock_s=Clock().wall_s() - 600, way=refusing("refused", status=400, message=HOSTILE))
    job = "  - {{id: {id}, prompt: {prompt}, tags: [{tag}], image: https://example.com/{id}.jpg, durationSeconds: 8}}\n"
    quoted = json.dumps(PROMPT)
    jobs = [
        job.format(id="done", prompt=quoted, tag=quoted),
        job.format(id="refused", prompt=json.dumps(f"{PROMPT} refused"), tag="x"),
    ]
    batch.write("version: 1\nname: batch\nmodel: google/veo-3.1-i2v\njobs:\n" + "".join(jobs))
    batch.state.parent.mkdir(parents=True, exist_ok=True)
    batch.run()
    with open_ledger(batch.project.ledger) as book:
        upload = Upload("a" * 64, 5, f"file-{HOSTILE}", "https://example.com/f", Clock().wall_s())
        book.uploads.record(upload, batch.api, "digest")
    return folder


@pytest.fixture
def film(played: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that project, in which somebody stands."""
    folder = tmp_path / "film"
    shutil.copytree(played, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MODELLIX_API_KEY", "mdlx-0123456789")
    return folder


WORDS = {
    "plan": ("plan", "batch.yaml", "--sandbox"),
    "plan json": ("plan", "batch.yaml", "--sandbox", "-o", "json"),
    "plan yaml": ("plan", "batch.yaml", "--sandbox", "-o", "yaml"),
    "status": ("status", "batch.yaml", "--sandbox"),
    "status json": ("status", "batch.yaml", "--sandbox", "-o", "json"),
    "status of a job": ("status", "batch.yaml", "done", "--sandbox"),
    "status of a refused job": ("status", "batch.yaml", "refused", "--sandbox"),
    "versions": ("versions", "batch.yaml", "--sandbox"),
    "versions json": ("versions", "batch.yaml", "--sandbox", "-o", "json"),
    "report": ("report", "batch.yaml", "--sandbox"),
    "report csv": ("report", "batch.yaml", "--sandbox", "-o", "csv"),
    "report by tag": ("report", "batch.yaml", "--sandbox", "--by", "tag"),
    "report by tag, csv": ("report", "batch.yaml", "--sandbox", "--by", "tag", "-o", "csv"),
    "report by tag, json": ("report", ".", "--project", "--sandbox", "--by", "tag", "-o", "json"),
    "report of a project that is not there": ("report", HOSTILE.replace("\x00", ""), "--project"),
    "report md": ("report", "batch.yaml", "--sandbox", "-o", "md"),
    "report html": ("report", "batch.yaml", "--sandbox", "-o", "html"),
    "report junit": ("report", "batch.yaml", "--sandbox", "-o", "junit"),
    "report json": ("report", "batch.yaml", "--sandbox", "-o", "json"),
    "report jsonl": ("report", "batch.yaml", "--sandbox", "-o", "jsonl"),
    "uploads": ("uploads", "batch.yaml", "--sandbox"),
    "resolve": ("resolve", "batch.yaml", "--sandbox"),
    "accept": ("accept", "batch.yaml", "done", "--sandbox"),
    "what to pick": ("pick", "batch.yaml", "done", "--sandbox"),
    "pick": ("pick", "batch.yaml", "done", HOSTILE, "--sandbox"),
    "validate": ("validate", "batch.yaml"),
    "run": ("run", "batch.yaml", "--sandbox"),
    "redo": ("redo", "batch.yaml", "done", "--sandbox"),
    "retry": ("retry", "batch.yaml", "--sandbox"),
    "fetch": ("fetch", "batch.yaml", "--sandbox"),
    "doctor": ("doctor", "batch.yaml", "--sandbox"),
    "doctor json": ("doctor", "batch.yaml", "--sandbox", "-o", "json"),
    "doctor of no manifest": ("doctor", f"film{HOSTILE}.yaml".replace("\x00", ""), "--sandbox"),
    "completion": ("completion", HOSTILE),
    "a value that is set": ("plan", "batch.yaml", "--sandbox", "--set", f"prompt={HOSTILE}"),
    "a key that is set": ("plan", "batch.yaml", "--sandbox", "--set", f"{HOSTILE}=1"),
    "models": ("models",),
    "a model to check": ("models", "check", HOSTILE),
    "a model to import": ("models", "import", HOSTILE),
    "trust": ("trust", HOSTILE.replace("\x00", "")),
    "a job that nobody knows": ("status", "batch.yaml", HOSTILE, "--sandbox"),
    "a job to redo": ("redo", "batch.yaml", HOSTILE, "--sandbox"),
    "a selection": ("run", "batch.yaml", "--select", HOSTILE, "--sandbox"),
    "a profile": ("plan", "batch.yaml", "--profile", HOSTILE, "--sandbox"),
    "a manifest": ("plan", f"film{HOSTILE}.yaml".replace("\x00", "")),
    "a manifest to validate": ("validate", f"film{HOSTILE}.yaml".replace("\x00", "")),
    "a value of an option": ("run", "batch.yaml", "--concurrency", HOSTILE),
    "an option": ("run", "batch.yaml", f"--{HOSTILE}"),
    "a command": (HOSTILE,),
    "a schema": ("schema", HOSTILE),
    "a task": ("resolve", "batch.yaml", "done", "--task", HOSTILE, "--sandbox"),
}


def test_every_command_is_tried() -> None:
    assert {words[0] for words in WORDS.values()} - {HOSTILE} == set(COMMANDS) - {"demo", "init", "sandbox"}


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_nothing_from_outside_does_anything_where_it_is_printed(
    film: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    assert outcome([*words]) != ExitCode.BUG
    shown = capsys.readouterr()
    assert shown.out + shown.err
    if "html" not in words:
        mark = "\ufeff" if "csv" in words else ""
        assert_harmless(shown.out.removeprefix(mark) + shown.err)


def test_what_is_hidden_is_shown_as_it_is_written(film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome(["status", "batch.yaml", "refused", "--sandbox"]) == ExitCode.DONE
    shown = capsys.readouterr().out
    for escape in (r"\x1b[2J", r"\u202e", r"\n::add-mask", r"\x00"):
        assert escape in shown


def test_a_plan_as_yaml_reads_back_the_same(film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome(["plan", "batch.yaml", "--sandbox", "-o", "yaml"]) == ExitCode.DONE
    assert parsed(capsys.readouterr().out)["jobs"][0]["prompt"] == PROMPT


@pytest.mark.parametrize(
    "text", [PROMPT, "a\n::b", "a\n  ::b\n", "##[x]", "a\u202eb", "a\U000e0041b", "a\u200db", "a\nb"]
)
def test_what_is_dumped_is_harmless_and_the_same(text: str) -> None:
    written = dump({"prompt": text})
    assert_harmless(written.replace("\u200d", ""))
    assert parsed(written) == {"prompt": text}


def test_a_sheet_computes_nothing(film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome(["report", "batch.yaml", "--sandbox", "-o", "csv"]) == ExitCode.DONE
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out.removeprefix("\ufeff"))))
    cells = [cell for row in rows for cell in row]
    assert any(cell.startswith("'=cmd") for cell in cells)
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in cells)


def test_the_columns_of_a_sheet_compute_nothing_and_keep_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    link = "https://user:secret@example.com/a?X-Amz-Signature=abc"
    cells = {"=1+1": "=2+2", "@x": "-3", "note": "see " + link, "status": "##[add-mask]x", "long": "x" * 5_000}
    many = {f"c{number}": "y" * 299 for number in range(50)}
    row = {"shot": "a", **cells, **many}
    Path("shots.jsonl").write_text(json.dumps(row), encoding="utf-8")
    job = "{rows: shots.jsonl, id: '${row.shot}', prompt: x, image: https://example.com/a.jpg, durationSeconds: 8}"
    Path("m.yaml").write_text(f"version: 1\nmodel: google/veo-3.1-i2v\njobs: [{job}]\n", encoding="utf-8")
    assert outcome(["report", "m.yaml", "-o", "csv"]) == ExitCode.DONE
    text = capsys.readouterr().out.removeprefix("\ufeff")
    (told,) = csv.DictReader(io.StringIO(text))
    assert_harmless(text)
    assert (told["row.=1+1"], told["row.@x"], told["status"]) == ("'=2+2", "'-3", "pending")
    assert "secret" not in text
    assert "Signature" not in text
    assert len(told["row.long"]) == 300
    assert sum(len(name) + len(cell) for name, cell in told.items() if name.startswith("row.")) < 3_000


def test_markdown_shows_markup_as_text(film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome(["report", "batch.yaml", "--sandbox", "-o", "md"]) == ExitCode.DONE
    shown = capsys.readouterr().out
    columns = {len(re.findall(r"(?<!\\)\|", line)) for line in shown.splitlines() if line.startswith("|")}
    assert columns == {6}
    for markup in ("<script", "[link](", "`x`", "https://evil"):
        assert markup not in re.sub(r"\\([<\[`:])", "~", shown)


def test_a_page_loads_runs_and_sends_nothing(film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome(["report", "batch.yaml", "--sandbox", "-o", "html"]) == ExitCode.DONE
    shown = capsys.readouterr().out
    assert "<script" not in shown
    assert "<img" not in shown
    policy = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)">', shown)
    assert policy
    assert policy[1].startswith("default-src 'none'; style-src 'sha256-")
    assert shown.index("Content-Security-Policy") < shown.index("<style>")
    assert {c for c in shown if unicodedata.category(c) in UNSEEN} <= {"\n"}


def test_a_lock_says_whose_it_is_without_doing_what_its_note_says(
    film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = film / "sandbox-run" / ".batchrunner"
    with run_lock(folder, "batch", HOSTILE):
        assert outcome(["run", "batch.yaml", "--sandbox", "--yes"]) == ExitCode.LOCKED
        shown = capsys.readouterr()
    assert_harmless(shown.out + shown.err)
    assert r"\x1b" in shown.err


def test_what_a_run_tells_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    ConsoleProgress(Clock(), quiet=False)(RunEvent(EventKind.FAILED, HOSTILE, HOSTILE))
    shown = capsys.readouterr().err
    assert len(shown.splitlines()) == 1
    assert_harmless(shown)


def test_a_live_view_moves_only_itself() -> None:
    progress = Progress({Status.DONE: 1}, Decimal(0), 60.0, HOSTILE)
    with on_terminal(200) as terminal:
        console = ConsoleProgress(Clock(), quiet=False)
        console(RunEvent(EventKind.DONE, HOSTILE, HOSTILE))
        console(progress)
        console(RunEvent(EventKind.FAILED, HOSTILE, HOSTILE))
        console(progress)
        terminal.read()
        shown = terminal.written.decode().replace("\r", "")
    assert_harmless(re.sub(r"\x1b\[(?:\d+A|J)", "", shown))
    assert_harmless(plain_line(progress, 0.0))


def test_a_log_has_one_line_for_each_event(film: Path) -> None:
    assert outcome(["retry", "batch.yaml", "--sandbox", "--yes"]) != ExitCode.BUG
    for line in (film / "sandbox-run" / ".batchrunner" / "batch.log").read_text(encoding="utf-8").splitlines():
        assert re.match(r"\d{4}-\d\d-\d\dT", line), line
        assert_harmless(line)


# The ways to print


def lines_of(capsys: pytest.CaptureFixture[str]) -> Iterator[str]:
    yield from capsys.readouterr().out.split("\n")[:-1]


def test_one_text_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    outlet.say(HOSTILE)
    [line] = lines_of(capsys)
    assert_harmless(line)


def test_lines_stay_as_many_as_they_were(capsys: pytest.CaptureFixture[str]) -> None:
    outlet.say_lines(in_lines(HOSTILE, "::warning::x", "  ::warning::y", "std::vector"))
    shown = list(lines_of(capsys))
    assert len(shown) == 4
    assert_harmless("\n".join(shown))
    assert shown[3] == "std::vector"


def test_a_table_has_a_line_for_each_row(capsys: pytest.CaptureFixture[str]) -> None:
    outlet.say_lines(table(("job", "why"), [(HOSTILE, HOSTILE), ("a", "b")]))
    shown = list(lines_of(capsys))
    assert len(shown) == 4
    assert_harmless("\n".join(shown))


def test_our_own_colours_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    outlet.say(click.style("failed", fg="red") + "  " + visible(click.style("x", fg="red")))
    assert capsys.readouterr().out == "\x1b[31mfailed\x1b[0m  \\x1b[31mx\\x1b[0m\n"


def test_joiners_are_kept_where_they_are_parts_of_words_and_emoji() -> None:
    for text in ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "👨\u200d👩"):
        assert visible(text) == text


def test_an_error_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(*_: object, **__: object) -> None:
        raise UsageError(HOSTILE)

    monkeypatch.setattr("batchrunner.cli.group.LazyGroup.main", fail)
    assert outcome(["plan"]) == ExitCode.USAGE
    shown = capsys.readouterr().err
    assert len(shown.splitlines()) == 1
    assert_harmless(shown)


def test_nothing_else_prints_or_makes_tables() -> None:
    rules = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    banned = rules.partition("[tool.ruff.lint.flake8-tidy-imports.banned-api]")[2].partition("\n\n")[0]
    for name in (
        "click.echo",
        "click.secho",
        "click.echo_via_pager",
        "sys.stdout.write",
        "sys.stderr.write",
        "tabulate.tabulate",
    ):
        assert f'"{name}".msg' in banned
