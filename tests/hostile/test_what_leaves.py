"""What may leave this machine: files of the project, variables that were allowed, and never a key."""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from batchrunner.catalog import shipped
from batchrunner.cli.main import outcome
from batchrunner.domain.problem import Code, Problem
from batchrunner.errors import ExitCode
from batchrunner.manifest.export import spelt_out
from batchrunner.manifest.load import Manifest, load
from batchrunner.manifest.permissions import Permissions
from batchrunner.planning.outgoing import Outgoing, Sources, outgoing
from batchrunner.planning.plan_digest import Terms, plan_digest
from batchrunner.storage.paths import reading_root
from tests.io.test_images import png
from tests.manifest.desk import HEAD, LINK, Desk

KEY = "mdlx-0123456789abcdef"


def rows(source: str, name: str, prompt: str) -> str:
    return f"jobs:\n  - {{rows: {source}, id: '{name}', prompt: '{prompt}', image: {LINK}}}\n"


JOB = "jobs:\n  - {id: hero, prompt: x, image: %s}\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with private files, outside of any project."""
    home = tmp_path / "home"
    for name, content in {
        "private/hero.png": png(16, 9),
        "private/shots.csv": b"shot,prompt\na,my secret\n",
        "private/hero.txt": b"my secret",
        "private/shots.yaml": b"jobs:\n  - {id: mine, prompt: my secret, image: https://example.com/a.jpg}\n",
    }.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("MODELLIX_API_KEY", raising=False)
    return home


@pytest.fixture
def desk(home: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The folder of a stranger's project, in which somebody stands."""
    folder = home / "clone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return Desk(folder)


def read(desk: Desk, text: str, permissions: Permissions | None = None) -> Manifest:
    return load(desk.write("m.yaml", HEAD + text), permissions=permissions)


def refused(manifest: Manifest) -> list[Problem]:
    assert {problem.code for problem in manifest.errors} == {Code.OUTSIDE_PROJECT}, manifest.errors
    assert "my secret" not in str(manifest.jobs)
    return list(manifest.errors)


OUTSIDE: Mapping[str, str] = {
    "a picture above": JOB % "../private/hero.png",
    "a picture anywhere": JOB % "{home}/private/hero.png",
    "a picture by a link": JOB % "picture.png",
    "a picture in a linked folder": JOB % "folder/hero.png",
    "a picture named by its stem": JOB % "folder/hero",
    "a picture that is not there": JOB % "../private/no.png",
    "a reference picture": "jobs:\n  - {id: a, prompt: x, referenceImages: [../private/hero.png]}\n",
    "a table above": rows("../private/shots.csv", "${row.shot}", "x"),
    "a table by a link": rows("table.csv", "${row.shot}", "${row.prompt}"),
    "a table that is not there": rows("../no.csv", "${row.shot}", "x"),
    "a caption by a link": rows("{glob: '*.webp'}", "${row.stem}", "${row.caption}"),
    "frames above": rows("{glob: '../private/*.png'}", "${row.stem}", "x"),
    "frames in a linked folder": rows("{glob: 'folder/*.png'}", "a", "x"),
    "frames in any linked folder": rows("{glob: 'fol*/*.png'}", "a", "x"),
    "frames anywhere": rows("{glob: '{home}/**/*.png'}", "a", "x"),
    "an include above": f"include: ../private/shots.yaml\n{JOB % LINK}",
    "an include by a link": f"include: more.yaml\n{JOB % LINK}",
    "an include by a pattern": f"include: '../private/*.yaml'\n{JOB % LINK}",
    "an include by a pattern that meets a link": f"include: 'mo*.yaml'\n{JOB % LINK}",
    "an include that is not there": f"include: ../private/no.yaml\n{JOB % LINK}",
}


@pytest.mark.parametrize("text", OUTSIDE.values(), ids=OUTSIDE)
def test_a_file_outside_the_project_is_a_problem_that_says_what_to_type(home: Path, desk: Desk, text: str) -> None:
    for name, target in {
        "picture.png": "hero.png",
        "table.csv": "shots.csv",
        "frame.txt": "hero.txt",
        "more.yaml": "shots.yaml",
        "folder": "",
    }.items():
        (desk.folder / name).symlink_to(home / "private" / target)
    desk.write("frame.webp", b"")
    for problem in refused(read(desk, text.replace("{home}", str(home)))):
        assert "--allow-outside " in (problem.hint or "")
        assert problem.location.file.endswith("m.yaml")


def test_a_link_that_stays_inside_the_project_is_followed(desk: Desk) -> None:
    desk.write("frames/hero.png", png(16, 9))
    (desk.folder / "hero.png").symlink_to("frames/hero.png")
    (desk.folder / "linked").symlink_to("frames")
    assert not read(desk, JOB % "hero.png").errors
    assert not read(desk, JOB % "linked/hero.png").errors


def test_a_folder_that_was_allowed_may_be_read(home: Path, desk: Desk) -> None:
    permissions = Permissions((desk.folder, home / "private"))
    assert not read(desk, JOB % "../private/hero.png", permissions).errors
    assert outcome(["validate", "m.yaml"]) == ExitCode.USAGE
    assert outcome(["validate", "m.yaml", "--allow-outside", "../private"]) == ExitCode.DONE


READING = ("validate", "plan", "run", "retry", "redo", "fetch", "status", "accept", "pick", "resolve", "report")


@pytest.mark.parametrize("command", READING)
def test_every_command_that_reads_a_manifest_may_be_allowed_more(
    desk: Desk, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert outcome([command, "--help"]) == ExitCode.DONE
    shown = capsys.readouterr().out
    assert "--env NAME" in shown
    assert "--allow-outside DIR" in shown


@pytest.mark.parametrize(
    "words",
    [
        ("plan", "m.yaml"),
        ("run", "m.yaml", "--yes"),
        ("retry", "m.yaml", "--yes"),
        ("redo", "m.yaml", "hero", "--yes"),
        ("accept", "m.yaml", "hero"),
        ("status", "m.yaml"),
        ("fetch", "m.yaml"),
        ("resolve", "m.yaml"),
    ],
)
@pytest.mark.parametrize("text", [JOB % "../private/hero.png", JOB.replace("x,", "'${env.TOKEN}',") % LINK])
def test_no_command_reads_what_nobody_allowed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], text: str
) -> None:
    monkeypatch.setenv("MODELLIX_API_KEY", KEY)
    monkeypatch.setenv("TOKEN", "my secret")
    desk.write("m.yaml", HEAD + text)
    assert outcome([*words]) == ExitCode.USAGE
    shown = capsys.readouterr()
    assert "outside-project" in shown.err or "variable-not-allowed" in shown.err
    assert "my secret" not in shown.out + shown.err


# The root


def test_the_root_is_the_git_work_tree_before_the_first_run_and_after_it(desk: Desk) -> None:
    (desk.folder / ".git").mkdir()
    manifest = desk.write("film/jobs/m.yaml", HEAD + JOB % "../frames/hero.png")
    assert reading_root(manifest) == desk.folder
    desk.write("film/jobs/.batchrunner/ledger.db", b"")
    assert reading_root(manifest) == desk.folder


def test_the_root_is_the_folder_of_the_ledger_where_there_is_no_work_tree(desk: Desk) -> None:
    manifest = desk.write("film/jobs/m.yaml", HEAD + JOB % LINK)
    assert reading_root(manifest) == manifest.parent
    desk.write("film/.batchrunner/ledger.db", b"")
    assert reading_root(manifest) == desk.folder / "film"


def test_a_home_that_is_kept_in_git_is_no_project(home: Path, desk: Desk) -> None:
    (home / ".git").mkdir()
    assert reading_root(desk.write("m.yaml", HEAD + JOB % LINK)) == desk.folder


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_work_tree_of_somebody_else_is_not_ours(home: Path, desk: Desk) -> None:
    (home.parent / ".git").mkdir()
    os.chown(home.parent, 12345, 12345)
    try:
        assert reading_root(desk.write("m.yaml", HEAD + JOB % LINK)) == desk.folder
    finally:
        os.chown(home.parent, 0, 0)


# Variables


@pytest.mark.parametrize(
    ("options", "variables", "code"),
    [
        ((), {}, ExitCode.USAGE),
        (("--env", "OTHER"), {}, ExitCode.USAGE),
        (("--env", "TEAM"), {}, ExitCode.DONE),
        (("--env", "OTHER", "--env", "TEAM"), {}, ExitCode.DONE),
        ((), {"BATCHRUNNER_ENV_ALLOW": "OTHER,TEAM"}, ExitCode.DONE),
        ((), {"BATCHRUNNER_ENV_ALLOW": "OTHER TEAM"}, ExitCode.DONE),
        ((), {"BATCHRUNNER_ENV_ALLOW": "TEAMS"}, ExitCode.USAGE),
    ],
)
def test_a_variable_is_filled_only_where_somebody_named_it(
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    variables: Mapping[str, str],
    code: ExitCode,
) -> None:
    for name, value in {"TEAM": "the foxes", **variables}.items():
        monkeypatch.setenv(name, value)
    desk.write("m.yaml", HEAD + JOB.replace("prompt: x", "prompt: '${env.TEAM}'") % LINK)
    assert outcome(["validate", "m.yaml", *options]) == code
    shown = capsys.readouterr().out
    assert ("variable-not-allowed" in shown) == (code is ExitCode.USAGE)
    assert ("`--env TEAM`" in shown) == (code is ExitCode.USAGE)
    assert "foxes" not in shown


def test_a_default_is_not_taken_silently_where_the_variable_is_set(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.write("m.yaml", HEAD + JOB.replace("prompt: x", "prompt: '${env.TEAM:-us}'") % LINK)
    assert outcome(["validate", "m.yaml"]) == ExitCode.DONE
    monkeypatch.setenv("TEAM", "the foxes")
    assert outcome(["validate", "m.yaml"]) == ExitCode.USAGE


def test_variables_of_settings_and_of_a_matrix_need_the_same_word(desk: Desk) -> None:
    job = f"{{id: 'a-${{matrix.b}}', matrix: {{b: ['${{env.B}}']}}, prompt: x, image: {LINK}}}"
    text = f"settings: {{budget: '${{env.A}}'}}\njobs:\n  - {job}\n"
    assert [p.code for p in read(desk, text).errors] == [Code.VARIABLE_NOT_ALLOWED] * 2


# Keys

PLACES = {
    "a prompt": f"jobs:\n  - {{id: a, prompt: 'see {KEY}!', image: {LINK}}}\n",
    "a variable": f"vars: {{k: {KEY}}}\njobs:\n  - {{id: a, prompt: 'see ${{vars.k}}', image: {LINK}}}\n",
    "a link": f"jobs:\n  - {{id: a, prompt: x, image: {LINK}?k={KEY}}}\n",
    "a reference": f"jobs:\n  - {{id: a, prompt: x, referenceImages: [{LINK}, {LINK}?{KEY}]}}\n",
    "an id": f"jobs:\n  - {{id: {KEY}, prompt: x, image: {LINK}}}\n",
    "a tag": f"jobs:\n  - {{id: a, tags: [x, {KEY}], prompt: x, image: {LINK}}}\n",
    "a path": f"jobs:\n  - {{id: a, output: o/{KEY}.mp4, prompt: x, image: {LINK}}}\n",
    "a table": f"jobs:\n  - {{rows: shots.csv, id: a, prompt: '${{row.prompt}}', image: {LINK}}}\n",
    "a caption": f"jobs:\n  - {{rows: {{glob: '*.png'}}, id: a, prompt: '${{row.caption}}', image: {LINK}}}\n",
}


@pytest.mark.parametrize("text", PLACES.values(), ids=PLACES)
def test_what_holds_the_key_is_refused(desk: Desk, text: str) -> None:
    desk.write("shots.csv", f"prompt\n{KEY}\n")
    desk.write("hero.png", b"")
    desk.write("hero.txt", f"{KEY}\n")
    manifest = read(desk, text, Permissions((desk.folder,), secrets=(KEY,)))
    assert {problem.code for problem in manifest.errors} == {Code.HOLDS_KEY}
    assert manifest.jobs == ()
    assert KEY not in str([(problem.message, problem.hint) for problem in manifest.problems])


@pytest.mark.parametrize("words", [("validate", "m.yaml"), ("plan", "m.yaml"), ("run", "m.yaml", "--yes")])
def test_the_key_of_the_key_file_is_known_though_another_one_is_set(
    home: Path,
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
) -> None:
    file = home / "key"
    file.write_text(f"{KEY}\n")
    file.chmod(0o644)  # it is not used so, and a key all the same
    monkeypatch.setenv("MODELLIX_API_KEY_FILE", str(file))
    monkeypatch.setenv("MODELLIX_API_KEY", "mdlx-another-key-00")
    desk.write("key.csv", file.read_text())
    (desk.folder / "linked.csv").symlink_to(file)
    rows = "jobs:\n  - {rows: %s, id: a, prompt: '${row[\"%s\"]}', image: %s}\n"
    for prompt in (KEY, "mdlx-another-key-00"):
        desk.write("m.yaml", HEAD + PLACES["a prompt"].replace(KEY, prompt))
        assert outcome([*words]) == ExitCode.USAGE
        shown = "".join(capsys.readouterr())
        assert "holds-key" in shown
        assert prompt not in shown
    desk.write("m.yaml", HEAD + rows % ("linked.csv", "x", LINK))
    assert outcome([*words]) == ExitCode.USAGE
    assert "outside-project" in "".join(capsys.readouterr())


JOB_ONLY = f"  - {{id: {KEY}, prompt: y, image: ''}}\n"


def test_a_name_that_holds_the_key_is_refused_and_no_message_repeats_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MODELLIX_API_KEY", KEY)
    desk.write("m.yaml", f"name: {KEY}\n{HEAD}{JOB.replace('hero', f'{KEY}!') % LINK}{JOB_ONLY}")
    for form in ("text", "json", "github", "sarif"):
        assert outcome(["validate", "m.yaml", "-o", form]) == ExitCode.USAGE
        shown = capsys.readouterr().out
        assert "holds-key" in shown
        assert "bad-id" in shown
        assert KEY not in shown


# Links


def test_nothing_of_a_signature_or_a_login_is_printed(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    links = (
        f"{LINK}?X-Amz-Signature=s3cr3t&X-Amz-Expires=60#frag3",
        "https://me:s3cr3t@example.com/a.jpg",
        "https://me:s3cr3t@example.com:port/a.jpg",
        f"{LINK}?token=s3cr3t with a blank",
    )
    jobs = "".join(f'  - {{id: j{n}, prompt: x{n}, image: "{link}"}}\n' for n, link in enumerate(links))
    desk.write("m.yaml", f"{HEAD}jobs:\n{jobs}")
    assert outcome(["validate", "m.yaml"]) == ExitCode.USAGE
    shown = "".join(capsys.readouterr())
    assert "signed-link" in shown
    assert "link-login" in shown
    assert "s3cr3t" not in shown
    assert outcome(["validate", "m.yaml", "-o", "json"]) == ExitCode.USAGE
    assert "s3cr3t" not in capsys.readouterr().out


@pytest.mark.parametrize("link", ["https://me@e.com/a.jpg", "http://a:b@e.com/a.jpg", "HTTPS://:b@e.com/a.jpg"])
def test_a_login_in_a_link_is_a_problem_of_its_own(desk: Desk, link: str) -> None:
    assert [problem.code for problem in read(desk, JOB % link).errors] == [Code.LINK_LOGIN]


def test_what_is_kept_of_a_link_has_neither_signature_nor_fragment(desk: Desk) -> None:
    link = f"{LINK}?v=1&X-Amz-Signature=abc#frame"
    manifest = read(desk, JOB % f'"{link}"')
    [job] = manifest.jobs
    assert job.request.fields["image"] == f"{LINK}?v=1"
    assert "frame" not in json.dumps(spelt_out(manifest))


# What is named before anybody agrees


@pytest.fixture
def film(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A manifest that sends pictures, cells of a table, a variable and a link."""
    monkeypatch.setenv("TEAM", "the foxes")
    monkeypatch.setenv("MODELLIX_API_KEY", KEY)
    monkeypatch.setenv("MODELLIX_BASE_URL", "https://api.example.net")
    for name in ("a", "b"):
        desk.write(f"frames/{name}.png", png(16, 9) + name.encode())
    desk.write("shots.csv", "shot,prompt\na,One\nb,Two\n")
    job = f"  - {{id: linked, prompt: 'For ${{env.TEAM}}', image: {LINK}?X-Amz-Signature=abc}}\n"
    local = "  - {rows: shots.csv, id: '${row.shot}', prompt: '${row.prompt}', image: 'frames/${row.shot}.png'}\n"
    desk.write("m.yaml", f"{HEAD}jobs:\n{job}{local}")
    return desk


NAMED = (
    "sent to api.example.net: 3 requests, 2 images from frames",
    "texts in them are read from shots.csv",
    "environment variables in them: TEAM",
    "links in them lead to example.com",
)


def test_the_plan_names_what_leaves(film: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome(["plan", "m.yaml", "--env", "TEAM"]) == ExitCode.DONE
    shown = capsys.readouterr().out
    for line in NAMED:
        assert f"{line}\n" in shown
    assert outcome(["plan", "m.yaml", "--env", "TEAM", "-o", "json"]) == ExitCode.DONE
    assert json.loads(capsys.readouterr().out)["sends"] == {
        "service": "api.example.net",
        "requests": 3,
        "pictures": ["frames/a.png", "frames/b.png"],
        "texts": ["shots.csv"],
        "variables": ["TEAM"],
        "link_hosts": ["example.com"],
        "hook_host": None,
    }


def test_only_what_would_be_submitted_is_named(film: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome(["plan", "m.yaml", "--env", "TEAM", "--select", "a", "-o", "json"]) == ExitCode.DONE
    sends = json.loads(capsys.readouterr().out)["sends"]
    assert (sends["requests"], sends["pictures"], sends["link_hosts"]) == (1, ["frames/a.png"], [])


def test_the_question_names_what_leaves_and_whom_a_hook_tells(film: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["run", "m.yaml", "--env", "TEAM", "--sandbox", "--notify", "https://hook.example.org/secret"]
    assert outcome(words) == ExitCode.USAGE
    shown = capsys.readouterr().err
    for line in NAMED[1:]:
        assert f"  {line}\n" in shown
    assert "  sent to 127.0.0.1: 3 requests, 2 images from frames\n" in shown
    assert "  progress is reported to hook.example.org\n" in shown
    assert "secret" not in shown


def test_a_plan_that_sends_a_variable_more_is_another_plan() -> None:
    assert outgoing((), shipped(), Sources((), ("TEAM",)), "https://a.example").names == ()
    some = Outgoing("a.example", 1, sources=Sources((), ("TEAM",)), link_hosts=("b.example",))
    assert some.names == ("variable TEAM", "link b.example")
    terms = Terms("https://a.example", date(2026, 11, 23))
    assert plan_digest([], terms) != plan_digest([], replace(terms, leaves=some.names))


def test_the_next_command_allows_what_this_one_was_allowed(film: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome(["status", "m.yaml", "--env", "TEAM", "--allow-outside", ".."]) == ExitCode.DONE
    assert "`batchrunner run m.yaml --env TEAM --allow-outside ..`" in capsys.readouterr().out
