"""`init`: a manifest to begin with, guessed from a spreadsheet and a folder of frames, and never over another file."""

import codecs
from pathlib import Path

import pytest

from batchrunner.cli.boundary import outcome
from batchrunner.errors import Exit
from batchrunner.manifest.load import Manifest, load
from tests.manifest.desk import Desk
from tests.pure.test_images import png


class Begun:
    """What `init` did: its exit code, what it said, and the manifest that it wrote."""

    def __init__(self, capsys: pytest.CaptureFixture[str], file: Path, *options: str) -> None:
        capsys.readouterr()
        self.code = outcome(["init", str(file), *options])
        shown = capsys.readouterr()
        self.out, self.err = shown.out, shown.err
        self._file = file

    @property
    def guesses(self) -> list[str]:
        return [line.removeprefix("guessed: ") for line in self.err.splitlines() if line.startswith("guessed: ")]

    def valid(self) -> Manifest:
        """The manifest, which must be without problems."""
        assert self.code == Exit.DONE, self.err
        manifest = load(self._file)
        assert manifest.problems == ()
        return manifest


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


def frames(desk: Desk, *names: str) -> None:
    for name in names:
        desk.write(f"frames/{name}", png(16, 9))


def test_a_plain_start_explains_itself(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    begun = Begun(capsys, Path("shots.yaml"))
    assert begun.code == Exit.DONE
    assert begun.guesses == []
    assert begun.out == "wrote shots.yaml. Next: replace each REPLACE-ME in it, then `batchrunner plan shots.yaml`\n"
    assert Path("shots.yaml").read_text().startswith("# A batchrunner manifest.")


def test_without_a_name_it_is_shots_yaml(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome(["init"]) == Exit.DONE
    assert Path("shots.yaml").exists()


@pytest.mark.parametrize("options", [(), ("--from", "shots.csv"), ("--images", "frames")])
def test_nothing_is_ever_overwritten(desk: Desk, capsys: pytest.CaptureFixture[str], options: tuple[str, ...]) -> None:
    desk.write("shots.csv", "id,prompt,image\na,x,https://example.com/a.jpg\n")
    frames(desk, "a.png")
    desk.write("shots.yaml", "mine")
    begun = Begun(capsys, Path("shots.yaml"), *options)
    assert begun.code == Exit.USAGE
    assert "is there already" in begun.err
    assert Path("shots.yaml").read_text() == "mine"


def test_the_receipts_of_two_machines_are_united_by_git(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    begun = Begun(capsys, Path("shots.yaml"))
    assert Path(".gitattributes").read_text() == "*.receipts.jsonl merge=union\n"
    assert "wrote .gitattributes" in begun.err


def test_attributes_of_ones_own_stay_as_they_are(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.write(".gitattributes", "*.png binary\n")
    begun = Begun(capsys, Path("shots.yaml"))
    assert begun.code == Exit.DONE
    assert Path(".gitattributes").read_text() == "*.png binary\n"
    assert "gitattributes" not in begun.err


def test_a_folder_that_is_not_there_is_told(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    begun = Begun(capsys, Path("no/shots.yaml"))
    assert begun.code == Exit.USAGE
    assert "cannot be written" in begun.err


# From a spreadsheet

SHEETS = {
    "plain": "id,prompt,image\na,x,{link}\nb,y,{link}\n",
    "headings of every kind": "Shot Nr.,Motion Prompt,Start Frame\na,x,{link}\nb,y,{link}\n",
    "in capitals": "SHOT,ACTION,IMAGE_URL\na,x,{link}\nb,y,{link}\n",
    "semicolons": "Shot;Prompt;Image\r\na;x, and more;{link}\r\nb;y;{link}\r\n",
    "a mark": "\ufeffshot,prompt,image\na,x,{link}\nb,y,{link}\n",
    "empty lines": "shot,prompt,image\n,,\na,x,{link}\n,,\nb,y,{link}\n,,\n",
    "other columns": "notes,shot,prompt,image,Client (final!)\nn,a,x,{link},z\n,b,y,{link},\n",
    "a heading with a line break": '"shot\nnumber",prompt,image\na,x,{link}\nb,y,{link}\n',
    "no column that is called id": "code,prompt,image\na,x,{link}\nb,y,{link}\n",
    "an id column with doubles, and another without": "scene,code,prompt,image\ns1,a,x,{link}\ns1,b,y,{link}\n",
    "all fields": (
        "id,prompt,image,last frame,avoid,duration,aspect ratio,resolution,model,tags,takes\n"
        "a,x,{link},,,,,,,,\nb,y,{link},{link},blur,8,9:16,1080p,google/veo-3.1-fast-i2v,t u,1\n"
    ),
    "lengths other than 8": "id,prompt,image,secs\na,x,{link},4\nb,y,{link},\n",
    "quotes in a heading": 'id,prompt,image,"the ""best"" one"\na,x,{link},\nb,y,{link},\n',
}


@pytest.mark.parametrize("sheet", SHEETS.values(), ids=SHEETS)
def test_a_spreadsheet_becomes_a_valid_manifest(desk: Desk, capsys: pytest.CaptureFixture[str], sheet: str) -> None:
    desk.write("shots.csv", sheet.replace("{link}", "https://example.com/a.jpg"))
    manifest = Begun(capsys, Path("shots.yaml"), "--from", "shots.csv").valid()
    assert [job.name for job in manifest.jobs] == ["a", "b"]
    assert [str(job.body["prompt"])[:1] for job in manifest.jobs] == ["x", "y"]
    assert {job.body["image"] for job in manifest.jobs} == {"https://example.com/a.jpg"}


def test_each_guess_is_said(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.write("shots.csv", "Shot Nr.,Action,frame,Client notes,who\na,x,https://example.com/a.jpg,,\n")
    assert Begun(capsys, Path("shots.yaml"), "--from", "shots.csv").guesses == [
        '`id` is the column "Shot Nr."',
        '`prompt` is the column "Action"',
        '`image` is the column "frame"',
        'not used: "Client notes", "who"',
    ]


def test_a_field_without_a_column_is_said(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.write("shots.csv", "shot,who\na,jo\n")
    guesses = Begun(capsys, Path("shots.yaml"), "--from", "shots.csv").guesses
    assert "there is no column for `prompt`: write it" in guesses
    assert "there is no column for `image`: write it" in guesses


def test_lengths_other_than_8_go_with_720p(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.write("shots.csv", "id,prompt,image,secs\na,x,https://example.com/a.jpg,6\n")
    begun = Begun(capsys, Path("shots.yaml"), "--from", "shots.csv")
    assert begun.valid().jobs[0].body["resolution"] == "720p"
    assert "`resolution` is 720p: 1080p needs 8 seconds" in begun.guesses


@pytest.mark.parametrize(
    "sheet", ["id,prompt\na,x x\na,x y\n", "id,prompt\nnot an id,x x\n", "id,prompt\nA,x x\na,x y\n"]
)
def test_a_spreadsheet_without_unique_names_is_told(desk: Desk, capsys: pytest.CaptureFixture[str], sheet: str) -> None:
    desk.write("shots.csv", sheet)
    begun = Begun(capsys, Path("shots.yaml"), "--from", "shots.csv")
    assert begun.code == Exit.USAGE
    assert "no column of unique names" in begun.err
    assert not Path("shots.yaml").exists()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("none.csv", None, "none.csv is not there"),
        ("shots.xlsx", "PK", "rows cannot be read"),
        ("shots.csv", "", "no rows stand in"),
        ("shots.csv", "id,prompt\n", "no rows stand in"),
        ("shots.csv", 'id,prompt\na,"x\n', "the quote that opens here is never closed"),
    ],
)
def test_a_spreadsheet_that_cannot_be_read_is_told(
    desk: Desk, capsys: pytest.CaptureFixture[str], name: str, content: str | None, words: str
) -> None:
    if content is not None:
        desk.write(name, content)
    begun = Begun(capsys, Path("shots.yaml"), "--from", name)
    assert begun.code == Exit.USAGE
    assert words in begun.err
    assert not Path("shots.yaml").exists()


def test_utf_16_is_read(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    text = "id\tprompt\timage\na\tx\thttps://example.com/a.jpg\n"
    desk.write("shots.csv", codecs.BOM_UTF16_LE + text.encode("utf-16-le"))
    assert len(Begun(capsys, Path("shots.yaml"), "--from", "shots.csv").valid().jobs) == 1


def test_paths_are_relative_to_the_manifest(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.write("tables/shots.csv", "id,prompt\na,x\n")
    desk.write("film/readme.txt", "")
    frames(desk, "a.png")
    begun = Begun(capsys, Path("film/shots.yaml"), "--from", "tables/shots.csv", "--images", "frames")
    [job] = begun.valid().jobs
    assert Path(str(job.body["image"])) == Path("frames/a.png")
    assert "rows: ../tables/shots.csv" in Path("film/shots.yaml").read_text()


# From frames

FOUND = {
    "by the id": ("id,prompt\na,x\nb,y\n", ("a.png", "b.png"), ("a.png", "b.png")),
    "by a column of stems": ("id,prompt,frame\na,x,one\nb,y,two\n", ("one.png", "two.png"), ("one.png", "two.png")),
    "by a column of names": (
        "id,prompt,frame\na,x,one.png\nb,y,two.PNG\n",
        ("one.png", "two.PNG"),
        ("one.png", "two.PNG"),
    ),
    "other pictures do not matter": ("id,prompt\na,x\nb,y\n", ("a.png", "b.png", "c.webp"), ("a.png", "b.png")),
}


@pytest.mark.parametrize(("sheet", "pictures", "expected"), FOUND.values(), ids=FOUND)
def test_frames_are_found_by_name_or_stem(
    desk: Desk,
    capsys: pytest.CaptureFixture[str],
    sheet: str,
    pictures: tuple[str, ...],
    expected: tuple[str, ...],
) -> None:
    desk.write("shots.csv", sheet)
    frames(desk, *pictures)
    begun = Begun(capsys, Path("shots.yaml"), "--from", "shots.csv", "--images", "frames")
    assert tuple(Path(str(job.body["image"])).name for job in begun.valid().jobs) == expected
    assert any(guess.startswith("`image` is frames/${row.") for guess in begun.guesses)


def test_end_frames_are_found_in_the_folder_too(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.write("shots.csv", "id,prompt,start,end\na,x,one,two\nb,y,two,one\n")
    frames(desk, "one.png", "two.png")
    first, _ = Begun(capsys, Path("shots.yaml"), "--from", "shots.csv", "--images", "frames").valid().jobs
    assert Path(str(first.body["lastFrame"])).name == "two.png"


def test_a_folder_of_frames_alone_becomes_a_job_a_picture(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    frames(desk, "one.png", "two.png")
    desk.write("frames/one.txt", "The fox jumps")
    begun = Begun(capsys, Path("shots.yaml"), "--images", "frames")
    one, two = begun.valid().jobs
    assert (one.name, one.body["prompt"]) == ("one", "The fox jumps")
    assert (two.name, two.body["prompt"]) == ("two", "The camera moves slowly towards the subject")
    assert begun.guesses == [
        "one job for each picture of frames/*.png",
        "the prompt is the text file beside a picture, if there is one",
    ]


def test_pictures_of_another_kind_are_said_to_be_left_out(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    frames(desk, "one.png", "two.webp")
    assert "not used: pictures that end in .webp" in Begun(capsys, Path("shots.yaml"), "--images", "frames").guesses


@pytest.mark.parametrize("table", [(), ("--from", "shots.csv")])
def test_a_folder_that_cannot_be_read_or_holds_no_pictures_is_told(
    desk: Desk, capsys: pytest.CaptureFixture[str], table: tuple[str, ...]
) -> None:
    desk.write("shots.csv", "id,prompt\na,x\n")
    begun = Begun(capsys, Path("shots.yaml"), "--images", "nowhere", *table)
    assert begun.code == Exit.USAGE
    assert "nowhere" in begun.err
    desk.write("frames/readme.txt", "")
    begun = Begun(capsys, Path("shots.yaml"), "--images", "frames")
    assert begun.code == Exit.USAGE
    assert "holds no PNG, JPEG or WebP pictures" in begun.err
