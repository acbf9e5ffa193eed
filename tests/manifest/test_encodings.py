"""In which encoding a sheet is: told by its words, else asked for, and never guessed silently."""

from pathlib import Path

import pytest

from batchrunner.cli.main import outcome
from batchrunner.domain.problem import Code, Severity
from batchrunner.errors import ExitCode
from batchrunner.manifest.load import Manifest, load
from batchrunner.manifest.rows import encodings
from tests.manifest.desk import HEAD, LINK, Desk


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


def read(desk: Desk, words: str, codec: str, more: str = "") -> Manifest:
    """A manifest whose one prompt stands in a sheet of this encoding."""
    desk.write("shots.csv", f'shot,prompt\na,"{words}"\n'.encode(codec))
    rows = f"rows: shots.csv, id: '${{row.shot}}', prompt: '${{row.prompt}}', image: '{LINK}'"
    return desk.read(f"{HEAD}jobs:\n  - {{{rows}{more}}}\n")


# As their authors would write them; each reads as something else in Windows-1252.
ELSEWHERE = {
    "German, Mac": ("Die Küche dampft", "mac_roman", "mac-roman"),
    "German, Mac, one word": ("schön", "mac_roman", "mac-roman"),
    "German, Mac, a sharp s": ("auf der Straße", "mac_roman", "mac-roman"),
    "German, Mac, at its begin": ("Über der Stadt, Ähren", "mac_roman", "mac-roman"),
    "French, Mac": ("La fenêtre où il déjeune, ça", "mac_roman", "mac-roman"),
    "Spanish, Mac": ("Un niño pequeño, más allá", "mac_roman", "mac-roman"),
    "Portuguese, Mac": ("A canção não para", "mac_roman", "mac-roman"),
    "German, DOS": ("Die Küche der Männer", "cp850", "cp850"),
    "French, DOS": ("La fenêtre, déjà", "cp850", "cp850"),
    "Polish": ("mężczyzna wchodzi, łódź", "cp1250", "windows-1250"),
}


@pytest.mark.parametrize(("words", "codec", "written"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_words_that_windows_1252_cannot_hold_are_an_error_that_names_both(
    desk: Desk, words: str, codec: str, written: str
) -> None:
    [problem] = read(desk, words, codec).errors
    assert (problem.code, Path(problem.location.file).name) == (Code.FILE_ENCODING, "shots.csv")
    assert problem.location.line == 2
    assert 'a word reads in Windows-1252 "' in problem.message
    found = encodings.find(written)
    assert found
    assert f"in {found.name} " in problem.message
    assert f"`encoding: {written}`" in str(problem.hint)
    right = read(desk, words, codec, f", encoding: {written}")
    assert right.problems == ()
    assert right.jobs[0].body["prompt"] == words


def test_a_mac_sheet_is_told_with_its_word_in_both_encodings(desk: Desk) -> None:
    [problem] = read(desk, "Die Küche", "mac_roman").errors
    assert problem.message == (
        'this is not UTF-8 text: a word reads in Windows-1252 "KŸche", in Mac Roman "Küche", in Windows-1250 "Kźche"'
    )
    assert (problem.location.line, problem.location.column) == (2, 8)


AT_HOME = {
    "German": "Die Küche: Größe zählt – „nicht“, über Ähren",  # noqa: RUF001
    "French": "L’été, un cœur déjà né à l’œuvre… où ça",  # noqa: RUF001
    "Spanish": "¿Dónde está el niño? ¡Aquí! Más allá",
    "Portuguese": "A canção não para, três ações",
    "Italian": "Perché è così, però",
    "Danish": "Blåbærgrød på øen, Ærø",
    "signs": "20 °C, 5 € – “quoted” ‘too’, a dash—within, 3½ × ™ © it´s §5",  # noqa: RUF001
    "names": "Tomáš und Škoda, la col·lecció",
    "capitals": "DIE KÜCHE, ÉCOLE",
}


@pytest.mark.parametrize("words", AT_HOME.values(), ids=AT_HOME)
def test_plausible_windows_1252_is_read_with_a_warning_that_shows_a_word(desk: Desk, words: str) -> None:
    manifest = read(desk, words, "cp1252")
    assert manifest.errors == ()
    [warning] = manifest.problems
    assert (warning.code, warning.severity) == (Code.FILE_ENCODING, Severity.WARNING)
    assert 'the file is read as Windows-1252, such as "' in warning.message
    assert manifest.jobs[0].body["prompt"] == words


def test_a_word_that_is_one_in_both_is_decided_by_its_author(desk: Desk) -> None:
    assert len(read(desk, "Miloš", "cp1252").errors) == 1
    right = read(desk, "Miloš", "cp1252", ", encoding: Windows-1252")
    assert right.problems == ()
    assert right.jobs[0].body["prompt"] == "Miloš"


@pytest.mark.parametrize(("codec", "name"), [("cp932", "Shift_JIS"), ("utf-8-sig", "UTF8"), ("utf-16", "utf-16")])
def test_other_encodings_are_read_where_they_are_named(desk: Desk, codec: str, name: str) -> None:
    manifest = read(desk, "走る猫", codec, f", encoding: {name}")
    assert manifest.problems == ()
    assert manifest.jobs[0].body["prompt"] == "走る猫"


def test_bytes_that_are_no_text_in_the_named_encoding_are_told_with_their_place(desk: Desk) -> None:
    [problem] = read(desk, "Küche", "cp1252", ", encoding: utf-8").errors
    assert (problem.code, problem.location.line, problem.location.column) == (Code.FILE_ENCODING, 2, 5)
    assert problem.message == "the byte 0xFC is not UTF-8 text"


def test_an_encoding_that_nobody_knows_is_a_problem_with_the_nearest(desk: Desk) -> None:
    [problem] = read(desk, "x", "utf-8", ", encoding: macromann").errors
    assert (problem.code, problem.field, problem.hint) == (Code.WRONG_VALUE, "encoding", "write `mac-roman`")


def test_an_encoding_without_rows_is_a_problem(desk: Desk) -> None:
    [problem] = desk.read(f"{HEAD}jobs:\n  - {{id: a, prompt: x, image: '{LINK}', encoding: utf-8}}\n").errors
    assert (problem.code, problem.message) == (
        Code.MISSING_KEY,
        "`encoding` needs `rows`, which this job does not have",
    )


def test_two_jobs_may_read_one_sheet_in_two_encodings(desk: Desk) -> None:
    desk.write("shots.csv", "shot,prompt\na,Küche\n".encode("mac_roman"))
    job = f"  - {{rows: shots.csv, id: '${{row.shot}}%s', encoding: %s, prompt: '${{row.prompt}}', image: '{LINK}'}}\n"
    jobs = job % (1, "mac-roman") + job % (2, "windows-1252")
    assert [job.body["prompt"] for job in desk.valid(f"{HEAD}jobs:\n{jobs}").jobs] == ["Küche", "KŸche"]


def test_captions_are_read_in_the_named_encoding(desk: Desk) -> None:
    desk.write("frames/a.png", b"")
    desk.write("frames/a.txt", "Küche".encode("mac_roman"))
    job = f"{{rows: {{glob: frames/*.png}}, encoding: mac-roman, id: a, prompt: '${{row.caption}}', image: '{LINK}'}}"
    assert desk.valid(f"{HEAD}jobs:\n  - {job}\n").jobs[0].body["prompt"] == "Küche"


# init


def test_init_is_told_the_encoding_and_writes_it(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.write("shots.csv", f"Szene;Beschreibung;Startbild\na;Die Küche;{LINK}\n".encode("mac_roman"))
    assert outcome(["init", "shots.yaml", "--from", "shots.csv"]) == ExitCode.USAGE
    assert "--encoding mac-roman" in capsys.readouterr().err
    assert outcome(["init", "shots.yaml", "--from", "shots.csv", "--encoding", "mac-roman"]) == ExitCode.DONE
    manifest = load(Path("shots.yaml"))
    assert manifest.problems == ()
    assert manifest.jobs[0].body["prompt"] == "Die Küche"


def test_init_warns_that_it_reads_windows_1252(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.write("shots.csv", f"Szene;Beschreibung;Startbild\na;Die Küche;{LINK}\n".encode("cp1252"))
    assert outcome(["init", "shots.yaml", "--from", "shots.csv"]) == ExitCode.DONE
    assert (
        'warning: this is not UTF-8 text; the file is read as Windows-1252, such as "Küche"' in capsys.readouterr().err
    )


def test_a_copy_of_the_sheet_needs_no_encoding(desk: Desk) -> None:
    desk.write("shots.csv", f"Szene;Beschreibung;Startbild;Dauer\na;Die Küche;{LINK};8s\n".encode("mac_roman"))
    assert outcome(["init", "shots.yaml", "--from", "shots.csv", "--encoding", "mac-roman"]) == ExitCode.DONE
    assert "encoding" not in Path("shots.yaml").read_text()
    assert load(Path("shots.yaml")).jobs[0].body["prompt"] == "Die Küche"
