"""`init`: a manifest to begin with, guessed from a spreadsheet and a folder of frames, and never over another file."""

import codecs
from pathlib import Path

import pytest

from batchrunner.cli.main import outcome
from batchrunner.domain.problem import Code
from batchrunner.errors import ExitCode
from batchrunner.manifest.load import Manifest, load
from batchrunner.manifest.permissions import Permissions
from tests.io.test_images import png
from tests.manifest.desk import Desk


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
        return self._said("guessed: ")

    @property
    def warnings(self) -> list[str]:
        return self._said("warning: ")

    def _said(self, beginning: str) -> list[str]:
        return [line.removeprefix(beginning) for line in self.err.splitlines() if line.startswith(beginning)]

    def valid(self) -> Manifest:
        """The manifest, which must be without problems."""
        assert self.code == ExitCode.DONE, self.err
        manifest = load(self._file, permissions=Permissions((Path.cwd(),)))
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
    assert begun.code == ExitCode.DONE
    assert begun.guesses == []
    assert begun.out == (
        "wrote shots.yaml. Next: replace each REPLACE-ME in it, then `batchrunner validate shots.yaml` "
        "(every mistake, on its line) and `batchrunner plan shots.yaml` (what it would cost)\n"
    )
    assert Path("shots.yaml").read_text().startswith("# A batchrunner manifest.")


def test_without_a_name_it_is_shots_yaml(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome(["init"]) == ExitCode.DONE
    assert Path("shots.yaml").exists()


@pytest.mark.parametrize("options", [(), ("--from", "shots.csv"), ("--images", "frames")])
def test_nothing_is_ever_overwritten(desk: Desk, capsys: pytest.CaptureFixture[str], options: tuple[str, ...]) -> None:
    desk.write("shots.csv", "id,prompt,image\na,x,https://example.com/a.jpg\n")
    frames(desk, "a.png")
    desk.write("shots.yaml", "mine")
    begun = Begun(capsys, Path("shots.yaml"), *options)
    assert begun.code == ExitCode.USAGE
    assert "already exists" in begun.err
    assert Path("shots.yaml").read_text() == "mine"


def test_the_receipts_of_two_machines_are_united_by_git(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    begun = Begun(capsys, Path("shots.yaml"))
    assert Path(".gitattributes").read_text() == "*.receipts.jsonl merge=union\n"
    assert "wrote .gitattributes" in begun.err


def test_attributes_of_ones_own_stay_as_they_are(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.write(".gitattributes", "*.png binary\n")
    begun = Begun(capsys, Path("shots.yaml"))
    assert begun.code == ExitCode.DONE
    assert Path(".gitattributes").read_text() == "*.png binary\n"
    assert "gitattributes" not in begun.err


def test_a_folder_that_is_not_there_is_told(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    begun = Begun(capsys, Path("no/shots.yaml"))
    assert begun.code == ExitCode.USAGE
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
        "for every clip: `durationSeconds` 8, `aspectRatio` 16:9, `resolution` 1080p",
    ]


LANGUAGES = {
    "German": "Szene;Beschreibung;Dauer;Format;Startbild;Endbild",
    "English": "Shot,Description,Length,Ratio,Start,End",
    "English, otherwise": "Shot #,Action,Running time,Orientation,Start frame,End frame",
    "French": "Plan;Description;Durée (s);Format;Image de début;Image de fin",
    "Spanish": "Toma;Descripción;Duración;Orientación;Imagen inicial;Imagen final",
    "Italian": "Inquadratura;Descrizione;Durata;Formato;Immagine iniziale;Immagine finale",
    "Portuguese": "Cena;Descrição;Duração;Proporção;Imagem inicial;Imagem final",
    "Dutch": "Scène;Omschrijving;Lengte;Beeldverhouding;Beginbeeld;Eindbeeld",
    "Polish": "Ujęcie;Opis;Długość;Proporcje;Obraz początkowy;Obraz końcowy",
    "Japanese": "カット,説明,秒数,アスペクト比,開始画像,終了画像",
    "Chinese": "镜头,描述,时长,画幅,首帧,尾帧",
    "Korean": "샷,설명,길이,화면비,시작 이미지,끝 이미지",
}


@pytest.mark.parametrize("head", LANGUAGES.values(), ids=LANGUAGES)
def test_columns_that_decide_the_cost_are_found_in_many_languages(
    desk: Desk, capsys: pytest.CaptureFixture[str], head: str
) -> None:
    row = "sh1,x,8,9:16,https://example.com/a.jpg,https://example.com/b.jpg"
    desk.write("shots.csv", f"{head}\n{row.replace(',', ';' if ';' in head else ',')}\n")
    begun = Begun(capsys, Path("shots.yaml"), "--from", "shots.csv")
    [job] = begun.valid().jobs
    assert job.name == "sh1"
    assert {name: job.body[name] for name in ("prompt", "durationSeconds", "aspectRatio")} == {
        "prompt": "x",
        "durationSeconds": "8",
        "aspectRatio": "9:16",
    }
    assert (job.body["image"], job.body["lastFrame"]) == ("https://example.com/a.jpg", "https://example.com/b.jpg")
    assert begun.warnings == []


def test_a_column_of_pictures_is_not_a_column_of_times(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    sheet = "shot,prompt,Start,End,Bild\na,x,00:00:00:00,00:00:08:00,https://example.com/a.jpg\n"
    desk.write("shots.csv", sheet)
    begun = Begun(capsys, Path("shots.yaml"), "--from", "shots.csv")
    [job] = begun.valid().jobs
    assert job.body["image"] == "https://example.com/a.jpg"
    assert "lastFrame" not in job.body
    assert begun.warnings == ['not used: "Start", "End"']


def test_values_whose_meaning_is_certain_are_spelt_as_the_service_does(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    link = "https://example.com/a.jpg"
    desk.write(
        "shots.csv",
        f'Szene;Prompt;Bild;Dauer;Format;Auflösung\n1;x;{link};8s;Hochformat;1080\n2;"x; y";{link};0:08;9x16;Full HD\n',
    )
    begun = Begun(capsys, Path("shots.yaml"), "--from", "shots.csv")
    first, second = begun.valid().jobs
    for job in (first, second):
        body = {name: job.body[name] for name in ("durationSeconds", "aspectRatio", "resolution")}
        assert body == {"durationSeconds": "8", "aspectRatio": "9:16", "resolution": "1080p"}
    assert second.body["prompt"] == "x; y"
    assert "rows: shots.rows.csv" in Path("shots.yaml").read_text()
    assert '`durationSeconds` is the column "Dauer"; written as 8: "8s", "0:08"' in begun.guesses
    assert "wrote shots.rows.csv, a copy of shots.csv" in begun.err
    assert Path("shots.csv").read_text().count("8s") == 1


def test_values_whose_meaning_is_uncertain_are_warned_about_and_left(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    link = "https://example.com/a.jpg"
    desk.write("shots.csv", f"id,prompt,image,Dauer\na,x,{link},8\nb,x,{link},5\nc,x,{link},4-6\n")
    begun = Begun(capsys, Path("shots.yaml"), "--from", "shots.csv")
    assert begun.warnings == ['"Dauer" has values other than 4, 6, 8: "5" in row 3, "4-6" in row 4']
    assert [problem.location.line for problem in load(Path("shots.yaml")).errors] == [3, 4]


def test_a_copy_of_the_sheet_overwrites_nothing(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.write("shots.csv", "id,prompt,image,secs\na,x,https://example.com/a.jpg,8s\n")
    desk.write("shots.rows.csv", "mine")
    begun = Begun(capsys, Path("shots.yaml"), "--from", "shots.csv")
    assert begun.code == ExitCode.USAGE
    assert "shots.rows.csv already exists" in begun.err
    assert Path("shots.rows.csv").read_text() == "mine"
    assert not Path("shots.yaml").exists()


UNUSED = {
    "words that nobody knows": (
        "id,prompt,image,Client notes,who\na,x,{link},n,jo\n",
        ['not used: "Client notes", "who"'],
    ),
    "what looks like a length": (
        "id,prompt,image,Nbr\na,x,{link},4s\n",
        ['column "Nbr" is not used, though it looks like `durationSeconds`: 8, the default, is used for all'],
    ),
    "what is headed like a shape and holds none": (
        "id,prompt,image,Format\na,x,{link},mp4\n",
        ['column "Format" is not used, as "mp4" is not a valid `aspectRatio`: 16:9, the default, is used for all'],
    ),
    "a model that is a person": (
        "id,prompt,image,Model\na,x,{link},Anna\n",
        [
            (
                'column "Model" is not used, as "Anna" is not a valid `model`: '
                "google/veo-3.1-i2v, the default, is used for all"
            )
        ],
    ),
    "a second length": (
        "id,prompt,image,Dauer,Länge\na,x,{link},8,4\n",
        ['column "Länge" is not used: `durationSeconds` is the column "Dauer"'],
    ),
}


@pytest.mark.parametrize(("sheet", "warnings"), UNUSED.values(), ids=UNUSED)
def test_what_is_not_used_is_a_warning_with_what_is_written_instead(
    desk: Desk, capsys: pytest.CaptureFixture[str], sheet: str, warnings: list[str]
) -> None:
    desk.write("shots.csv", sheet.replace("{link}", "https://example.com/a.jpg"))
    assert Begun(capsys, Path("shots.yaml"), "--from", "shots.csv").warnings == warnings


def test_what_no_column_decides_is_said_with_its_value(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.write("shots.csv", "id,prompt,image,Dauer\na,x,https://example.com/a.jpg,8\n")
    guesses = Begun(capsys, Path("shots.yaml"), "--from", "shots.csv").guesses
    assert "for every clip: `aspectRatio` 16:9, `resolution` 1080p" in guesses


def test_a_field_without_a_column_is_said(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.write("shots.csv", "shot,who\na,jo\n")
    begun = Begun(capsys, Path("shots.yaml"), "--from", "shots.csv")
    assert "there is no column for `prompt`, `image`: write them in place of REPLACE-ME" in begun.warnings
    assert {problem.code for problem in load(Path("shots.yaml")).errors} == {Code.PLACEHOLDER}


def test_lengths_other_than_8_go_with_720p(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.write("shots.csv", "id,prompt,image,secs\na,x,https://example.com/a.jpg,6\n")
    begun = Begun(capsys, Path("shots.yaml"), "--from", "shots.csv")
    assert begun.valid().jobs[0].body["resolution"] == "720p"
    assert "for every clip: `aspectRatio` 16:9, `resolution` 720p, as 1080p needs 8 seconds" in begun.guesses


@pytest.mark.parametrize(
    ("sheet", "said"),
    [
        ("id,prompt\na,x x\na,x y\n", "`id` would do, but a is in rows 2 and 3"),
        (
            "id,prompt\nA,x x\na,x y\n",
            "`id` would do, but A and a (rows 2 and 3) are the same name on disks that ignore case",
        ),
        ("id,prompt\na,x x\n,x y\nb,z z\n", "`id` would do, but it is empty in row 3"),
        (
            "Shot #,Prompt,Rev\nSH010,x x,1\nSH011,y y,2\nSH011,z z,3\nSH012,q,4\n",
            "`Shot #` would do, but SH011 is in rows 3 and 4",
        ),
        ("id,prompt\nA/B 4,x x\nok,y\n", "`id` would do, but these cannot be ids: A/B 4: use letters"),
        ("prompt,mood\nx x,grim\ny y,grim\n", "no column of unique names"),
    ],
)
def test_a_spreadsheet_without_unique_names_is_told_the_true_reason(
    desk: Desk, capsys: pytest.CaptureFixture[str], sheet: str, said: str
) -> None:
    desk.write("shots.csv", sheet)
    begun = Begun(capsys, Path("shots.yaml"), "--from", "shots.csv")
    assert begun.code == ExitCode.USAGE
    assert said in begun.err
    assert not Path("shots.yaml").exists()


def test_names_that_cannot_be_ids_are_offered_to_be_made_into_some(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.write("shots.csv", "Shot,Prompt,Bild\nA/B 4,x,a.png\nÜber 5,y,a.png\nA/B 4,z,a.png\n")
    desk.write("a.png", png(16, 9))
    refused = Begun(capsys, Path("shots.yaml"), "--from", "shots.csv")
    assert "`--slugify` makes ids of them: A-B-4, Uber-5, A-B-4-2" in refused.err
    begun = Begun(capsys, Path("shots.yaml"), "--from", "shots.csv", "--slugify")
    assert [job.name for job in begun.valid().jobs] == ["A-B-4", "Uber-5", "A-B-4-2"]
    assert [job.body["prompt"] for job in begun.valid().jobs] == ["x", "y", "z"]
    assert '`id` is made of the column "Shot": A-B-4, Uber-5, A-B-4-2' in begun.guesses


def test_an_id_that_is_made_takes_no_name_that_is_there(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.write("shots.csv", "Shot,Prompt,Bild\nS 1,x,a.png\nS-1,y,a.png\ns-1-2,z,a.png\n,q,a.png\n")
    desk.write("a.png", png(16, 9))
    refused = Begun(capsys, Path("shots.yaml"), "--from", "shots.csv", "--slugify")
    assert "`Shot` is empty in row 5: give it a name" in refused.err
    desk.write("shots.csv", "Shot,Prompt,Bild\nS 1,x,a.png\nS-1,y,a.png\ns-1-2,z,a.png\n")
    begun = Begun(capsys, Path("shots.yaml"), "--from", "shots.csv", "--slugify")
    assert [job.name for job in begun.valid().jobs] == ["S-1-3", "S-1", "s-1-2"]


def test_slugify_leaves_ids_alone_that_are_ids(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.write("shots.csv", "Shot,Prompt,Bild\na,x,https://example.com/a.jpg\n")
    begun = Begun(capsys, Path("shots.yaml"), "--from", "shots.csv", "--slugify")
    assert [job.name for job in begun.valid().jobs] == ["a"]
    assert not Path("shots.rows.csv").exists()


def test_shots_that_are_counted_within_their_scene_are_named_by_both(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "".join(f"{scene},{shot},x,https://example.com/a.jpg\n" for scene in (1, 2) for shot in (1, 2))
    desk.write("shots.csv", f"Scene,Shot,Prompt,Image\n{rows}")
    begun = Begun(capsys, Path("shots.yaml"), "--from", "shots.csv")
    assert [job.name for job in load(Path("shots.yaml")).jobs] == ["1-1", "1-2", "2-1", "2-2"]
    assert '`id` is the columns "Scene" and "Shot"' in begun.guesses


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("none.csv", None, "none.csv does not exist"),
        ("shots.xlsx", "PK", "shots.xlsx: this is not a workbook"),
        ("shots.ods", "PK", "rows cannot be read from shots.ods: save it as .xlsx"),
        ("shots.csv", "", "contains no rows"),
        ("shots.csv", "id,prompt\n", "contains no rows"),
        ("shots.csv", 'id,prompt\na,"x\n', "the quote that opens here is never closed"),
    ],
)
def test_a_spreadsheet_that_cannot_be_read_is_told(
    desk: Desk, capsys: pytest.CaptureFixture[str], name: str, content: str | None, words: str
) -> None:
    if content is not None:
        desk.write(name, content)
    begun = Begun(capsys, Path("shots.yaml"), "--from", name)
    assert begun.code == ExitCode.USAGE
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
        "one job for each image of frames/*.png",
        "the prompt is the text file beside an image, if there is one",
    ]


def test_frames_of_every_ending_are_jobs(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    frames(desk, "one.png", "two.webp", "three.PNG")
    begun = Begun(capsys, Path("shots.yaml"), "--images", "frames")
    manifest = load(Path("shots.yaml"))
    assert manifest.errors == ()
    assert sorted(job.name for job in manifest.jobs) == ["one", "three", "two"]
    assert "one job for each image of frames/*.PNG, frames/*.png, frames/*.webp" in begun.guesses


def test_frames_that_differ_in_their_ending_are_matched_by_their_stem(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.write("shots.csv", "id,prompt\nSH001,x\nSH002,y\nSH003,z\n")
    frames(desk, "SH001.jpg", "SH002.webp", "SH003.jpg")
    begun = Begun(capsys, Path("shots.yaml"), "--from", "shots.csv", "--images", "frames")
    found = [Path(str(job.body["image"])).name for job in begun.valid().jobs]
    assert found == ["SH001.jpg", "SH002.webp", "SH003.jpg"]
    assert "`image` is frames/${row.id}" in begun.guesses


def test_names_and_stems_may_stand_in_one_column(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.write("shots.csv", "id,prompt,start\na,x,one\nb,y,two.webp\n")
    frames(desk, "one.png", "two.webp")
    begun = Begun(capsys, Path("shots.yaml"), "--from", "shots.csv", "--images", "frames")
    assert [Path(str(job.body["image"])).name for job in begun.valid().jobs] == ["one.png", "two.webp"]


def test_a_column_of_frames_may_have_empty_cells_and_other_endings(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.write("shots.csv", "id,prompt,start,end\na,x,one.png,two\nb,y,two.png,\nc,z,C:\\x\\one.png,\n")
    frames(desk, "one.png", "two.webp")
    begun = Begun(capsys, Path("shots.yaml"), "--from", "shots.csv", "--images", "frames")
    jobs = load(Path("shots.yaml")).jobs
    assert [Path(str(job.body["image"])).name for job in jobs] == ["one.png", "two.webp", "one.png"]
    assert [Path(str(job.body.get("lastFrame"))).name for job in jobs] == ["two.webp", "None", "None"]
    assert '`lastFrame` is the column "end", found in frames' in begun.guesses


def test_shots_without_a_frame_are_named(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.write("shots.csv", "id,prompt\nSH001,x\nSH002,y\nSH003,z\n")
    frames(desk, "SH001.jpg")
    begun = Begun(capsys, Path("shots.yaml"), "--from", "shots.csv", "--images", "frames")
    assert begun.warnings == ["no image in frames matches SH002, SH003"]


def test_pictures_without_a_text_are_said_to_get_the_same_prompt(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    frames(desk, "one.png", "two.png")
    desk.write("frames/one.txt", "The fox jumps")
    begun = Begun(capsys, Path("shots.yaml"), "--images", "frames")
    assert begun.warnings == [
        '1 of 2 images has no text file: its prompt is "The camera moves slowly towards the subject"'
    ]


@pytest.mark.parametrize("table", [(), ("--from", "shots.csv")])
def test_a_folder_that_cannot_be_read_or_holds_no_pictures_is_told(
    desk: Desk, capsys: pytest.CaptureFixture[str], table: tuple[str, ...]
) -> None:
    desk.write("shots.csv", "id,prompt\na,x\n")
    begun = Begun(capsys, Path("shots.yaml"), "--images", "nowhere", *table)
    assert begun.code == ExitCode.USAGE
    assert "nowhere" in begun.err
    desk.write("frames/readme.txt", "")
    begun = Begun(capsys, Path("shots.yaml"), "--images", "frames")
    assert begun.code == ExitCode.USAGE
    assert "contains no PNG, JPEG or WebP images" in begun.err
