"""Broken manifests: what is said about each, word for word, and that nothing in their folder is idle."""

import re
import shutil
from pathlib import Path

import pytest

from batchrunner.domain.problem import Code
from batchrunner.errors import ExitCode
from docs.site.problems import sections
from tests.broken.transcripts import HERE, SIZES, Transcript, staged, transcripts

TRANSCRIPTS = transcripts()
FOLDERS = sorted({transcript.path.parent for transcript in TRANSCRIPTS})
MACHINERY = {"__init__.py", "transcripts.py", "renew.py", ".gitattributes"}

every_transcript = pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda transcript: transcript.name)


def cases_in(folder: Path) -> list[Transcript]:
    return [transcript for transcript in TRANSCRIPTS if transcript.path.parent == folder]


def files_of(folder: Path) -> list[str]:
    """All that lies in a folder of cases, but the texts and what other folders of cases hold."""
    below = [other for other in FOLDERS if other != folder and other.is_relative_to(folder)]
    texts = {transcript.path for transcript in TRANSCRIPTS}
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file() or path.is_symlink())
    return [
        str(path.relative_to(folder))
        for path in paths
        if path not in texts and "__pycache__" not in path.parts and not any(map(path.is_relative_to, below))
    ]


def remove(path: Path) -> None:
    """Deletes a file, and its folder with the last file in it: git keeps no empty folder."""
    path.unlink()
    while not any((path := path.parent).iterdir()):
        path.rmdir()


@every_transcript
def test_a_broken_manifest_is_told_as_it_was_read_by_a_person(transcript: Transcript) -> None:
    with staged(transcript.path.parent) as folder:
        code, said = transcript.said(folder)
    assert said == transcript.expected, "read the difference; to keep it: python -m tests.broken.renew"
    assert code == (ExitCode.USAGE if "nothing can be submitted" in said else ExitCode.DONE)


def test_every_code_occurs_in_some_text_or_in_the_example_of_its_section() -> None:
    shown = {section.code for section in sections() if section.example}
    assert shown.union(*(transcript.codes for transcript in TRANSCRIPTS)) == {code.value for code in Code}


@every_transcript
def test_sentences_begin_small_end_open_and_each_problem_has_its_help(transcript: Transcript) -> None:
    for sentence in transcript.sentences:
        assert not sentence.endswith("."), sentence
        assert not re.match(r"[A-Z][a-z]+ ", sentence), sentence
        assert sentence.count("`") % 2 == 0, sentence
    assert transcript.expected.count("\n  help: ") == len(transcript.sentences) / 2


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(HERE)))
def test_without_any_of_its_files_a_folder_says_something_else(folder: Path) -> None:
    idle = []
    with staged(folder) as copy:
        for name in files_of(folder):
            if name == SIZES:
                continue
            remove(copy / name)
            by_name = sorted(cases_in(folder), key=lambda case: case.path.stem != Path(name).stem)
            if not any(case.said(copy)[1] != case.expected for case in by_name):
                idle.append(name)
            shutil.copytree(folder, copy, symlinks=True, dirs_exist_ok=True)
    assert idle == []


@pytest.mark.parametrize("path", sorted(HERE.rglob(SIZES)), ids=lambda path: path.parent.name)
def test_a_size_that_is_listed_matters(path: Path) -> None:
    with staged(path.parent) as copy:
        for line in path.read_text(encoding="utf-8").splitlines():
            name = line.split(maxsplit=1)[1]
            (copy / name).write_bytes((path.parent / name).read_bytes())
        assert all(case.said(copy)[1] != case.expected for case in cases_in(path.parent))


def test_nothing_else_lies_there() -> None:
    known = {folder / name for folder in FOLDERS for name in files_of(folder)} | {case.path for case in TRANSCRIPTS}
    paths = {path for path in HERE.rglob("*") if path.is_file() or path.is_symlink()}
    rest = {str(path.relative_to(HERE)) for path in paths - known if "__pycache__" not in path.parts}
    assert rest == MACHINERY


def test_one_default_that_hits_300_jobs_is_one_problem() -> None:
    transcript = Transcript(HERE / "layers" / "defaults-hit-300-jobs.txt")
    assert transcript.expected.count("  help: ") == 1
    assert "[affects 300 jobs: shot-001, …]" in transcript.expected


def test_a_text_that_is_only_a_command_is_completed_by_renewing(tmp_path: Path) -> None:
    (tmp_path / "film.yaml").touch()
    (tmp_path / "film.txt").write_text("$ batchrunner validate film.yaml", encoding="utf-8")
    command, problem, *_ = Transcript(tmp_path / "film.txt").renewed().splitlines()
    assert command == "$ batchrunner validate film.yaml"
    assert problem.startswith("film.yaml:1:1: file-empty  ")
