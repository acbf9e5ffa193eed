"""Two machines on one account that exchange their receipts, by hand and by git."""

import json
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Open
from .service import Service
from .user import CLIP_USD, Said, User, prompt_of

FAST = "settings: {concurrency: 4, rate: 6000/min}"
HERE = socket.gethostname()
RECEIPTS = "shots.receipts.jsonl"

Machine = Callable[[str], User]


def prompts(*jobs: str) -> list[str]:
    return sorted(map(prompt_of, jobs))


@pytest.fixture
def account(open_service: Open) -> Service:
    """One account for all machines."""
    return open_service()


@pytest.fixture
def machine(tmp_path: Path, account: Service) -> Machine:
    """Another machine: a folder of its own, and nothing in it."""

    def made(name: str) -> User:
        (tmp_path / name).mkdir()
        return User(tmp_path / name, account.url)

    return made


def brings(source: User, target: User) -> None:
    """The manifest and its receipts go over, as git would bring them."""
    for name in ("shots.yaml", RECEIPTS):
        shutil.copy(source.folder / name, target.folder)


def test_what_one_machine_paid_the_other_fetches_free(machine: Machine, account: Service) -> None:
    first, second = machine("first"), machine("second")
    first.writes("a", "b", head=FAST)
    assert first.runs().code == 0
    brings(first, second)

    plan = second.types("plan", "shots.yaml")
    assert plan.code == 0, plan.text
    assert plan.out.count(f"paid on {HERE}: downloaded, free") == 2
    assert "nothing to pay" in plan.out
    assert second.types("fetch", "shots.yaml", "-q").code == 0
    assert second.runs().code == 0

    assert account.charged_prompts == prompts("a", "b")
    second.check_clips(second.sees())
    assert second.clip("a").read_bytes() == first.clip("a").read_bytes()


def test_a_second_machine_that_only_runs_pays_nothing_either(machine: Machine, account: Service) -> None:
    first, second = machine("first"), machine("second")
    first.writes("a", "b", head=FAST)
    first.runs()
    brings(first, second)
    said = second.types("run", "shots.yaml", "-o", "json")  # nothing to pay needs no consent
    assert (said.code, said.report.counts) == (0, {"done": 2}), said.text
    assert account.submits == 2


def git(user: User, *arguments: str, check: bool = True) -> Said:
    """A git that knows nobody's configuration."""
    who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com", "-c", "init.defaultBranch=main"]
    environment = {**user.environment, "GIT_CONFIG_NOSYSTEM": "1"}
    ended = subprocess.run(
        ["git", *who, *arguments], cwd=user.folder, env=environment, capture_output=True, text=True, check=False
    )
    said = Said(ended.returncode, ended.stdout, ended.stderr)
    assert said.code == 0 or not check, said.text
    return said


@pytest.fixture
def colleagues(machine: Machine, tmp_path: Path) -> tuple[User, User]:
    """Two clones of one repository, whose first commit holds the manifest of four jobs."""
    if shutil.which("git") is None:
        pytest.skip("there is no git here")
    first, second = machine("first"), machine("second")
    first.writes("a", "b", "c", "d", head=FAST)
    git(first, "init", "-q")
    (first.folder / ".gitignore").write_text("outputs/\nhome/\n", encoding="utf-8")
    commits(first)
    git(second, "clone", "-q", str(first.folder), ".")
    return first, second


def commits(user: User) -> None:
    git(user, "add", ".")
    git(user, "commit", "-q", "-m", "a day's work")


def merges(user: User, other: User) -> Said:
    """Takes in what the other has committed."""
    git(user, "fetch", "-q", str(other.folder), "main")
    return git(user, "merge", "-q", "--no-edit", "FETCH_HEAD", check=False)


def test_halves_that_two_machines_rendered_are_merged_by_git_where_receipts_are_united(
    colleagues: tuple[User, User], account: Service
) -> None:
    """Lines that both sides add at one place are a conflict to git, unless it is told to keep both."""
    first, second = colleagues
    for user, half in ((first, "a,c"), (second, "b,d")):
        (user.folder / ".gitattributes").write_text("*.receipts.jsonl merge=union\n", encoding="utf-8")
        said = user.runs("--select", half)
        assert said.report.counts == {"done": 2, "pending": 2}, said.text
    commits(first)
    commits(second)

    merged = merges(first, second)

    assert merged.code == 0, merged.text
    said = first.types("run", "shots.yaml", "-o", "json")
    assert (said.code, said.report.counts) == (0, {"done": 4}), said.text
    assert account.charged_prompts == prompts("a", "b", "c", "d")


def keeps_both_sides(user: User) -> None:
    """What the hint says of a conflict: the lines of both sides are kept."""
    path = user.folder / RECEIPTS
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if line.startswith("{")), encoding="utf-8")
    commits(user)


def test_a_conflict_is_named_on_its_line_and_keeping_both_sides_solves_it(
    colleagues: tuple[User, User], account: Service
) -> None:
    first, second = colleagues
    first.runs("--select", "a")
    second.runs("--select", "a")
    commits(first)
    commits(second)
    assert merges(first, second).code == 1

    said = first.types("plan", "shots.yaml")
    assert said.code == 2, said.text
    assert f"{RECEIPTS}:1: this line is not a receipt" in said.err
    assert "keeping the lines of both sides" in said.err
    keeps_both_sides(first)

    assert first.types("plan", "shots.yaml").code == 0
    assert account.submits == 2


def test_a_clip_whose_receipt_stands_there_twice_is_taken_in_once(machine: Machine, account: Service) -> None:
    """As when one side has its line from before its clip was fetched: keeping both sides keeps both."""
    first, second = machine("first"), machine("second")
    first.writes("a", head=FAST)
    first.runs()
    brings(first, second)
    path = second.folder / RECEIPTS
    late = path.read_text(encoding="utf-8")
    early = {
        **json.loads(late),
        "rendered_at_s": None,
        "done_at_s": None,
        "file": None,
        "size_bytes": None,
        "sha256": None,
    }
    path.write_text(f"{json.dumps(early)}\n{late}", encoding="utf-8")

    assert second.types("plan", "shots.yaml").code == 0
    said = second.types("run", "shots.yaml", "-o", "json")
    assert (said.code, said.report.statuses) == (0, {"a": "done"}), said.text
    assert account.submits == 1
    assert path.read_text(encoding="utf-8").count("\n") == 1


def test_a_job_that_both_machines_paid_is_shown_with_both_and_never_paid_a_third_time(
    machine: Machine, account: Service
) -> None:
    first, second = machine("first"), machine("second")
    for user in (first, second):
        user.writes("a", head=FAST)
        assert user.runs().code == 0
    clips = {user.clip("a").read_bytes() for user in (first, second)}
    merged = [(user.folder / RECEIPTS).read_text(encoding="utf-8") for user in (first, second)]
    for user in (first, second):
        (user.folder / RECEIPTS).write_text("".join(merged), encoding="utf-8")

    for user in (first, second):
        before = user.clip("a").read_bytes()
        said = user.types("run", "shots.yaml", "-o", "json")
        assert (said.code, said.report.statuses) == (0, {"a": "done"}), said.text
        assert before in {path.read_bytes() for path in user.folder.rglob("*.mp4")}
        history = user.types("status", "shots.yaml", "a").out
        assert all(charge.task_id in history for charge in account.record.charges)
        assert said.report.jobs["a"]["cost_usd"] == pytest.approx(2 * CLIP_USD)
    assert account.submits == 2
    assert len(clips) == 2
    assert len((first.folder / RECEIPTS).read_text(encoding="utf-8").splitlines()) == 2


def test_a_clone_with_clips_and_without_any_memory_does_not_run(machine: Machine, account: Service) -> None:
    first, second = machine("first"), machine("second")
    first.writes("a", "b", head=FAST)
    first.runs()
    shutil.copytree(first.folder / "outputs", second.folder / "outputs")
    second.writes("a", "b", "c", head=FAST)

    said = second.runs()

    assert said.code == 2, said.text
    assert "--fresh" in said.err
    assert account.submits == 2


def both_pay(first: User, second: User) -> None:
    """Neither knows of the other; their receipts meet in git."""
    for user in (first, second):
        (user.folder / ".gitattributes").write_text("*.receipts.jsonl merge=union\n", encoding="utf-8")
        assert user.runs("--select", "a").code in {0, 5}
        commits(user)
    for one, other in ((first, second), (second, first)):
        merged = merges(one, other)
        assert merged.code == 0, merged.text


def test_where_both_have_paid_the_clip_that_lies_there_is_done_on_each_of_them_and_both_are_counted(
    colleagues: tuple[User, User], account: Service
) -> None:
    first, second = colleagues
    both_pay(first, second)
    clips = [user.clip("a").read_bytes() for user in colleagues]
    asked = len([each for each in account.asked if each.is_poll or each.is_download])

    for user, clip in zip(colleagues, clips, strict=True):
        for _ in ("once", "and again"):
            said = user.types("run", "shots.yaml", "-o", "json", "--select", "a")
            assert said.report.statuses["a"] == "done", said.text
            assert user.clip("a").read_bytes() == clip
        assert not list(user.folder.rglob("versions"))
        job = user.types("report", "shots.yaml", "-o", "json").report.jobs["a"]
        assert (job["attempts"], job["cost_usd"]) == (2, pytest.approx(2 * CLIP_USD))
        history = user.types("status", "shots.yaml", "a").out
        assert all(charge.task_id in history for charge in account.record.charges)
    assert account.submits == 2
    assert len([each for each in account.asked if each.is_poll or each.is_download]) == asked


def test_what_one_decided_and_the_other_rendered_is_merged_by_git_without_a_word(
    colleagues: tuple[User, User], account: Service
) -> None:
    first, second = colleagues
    both_pay(first, second)
    text = (first.folder / "shots.yaml").read_text(encoding="utf-8")
    (first.folder / "shots.yaml").write_text(text.replace(prompt_of("a"), "Something else"), encoding="utf-8")
    assert first.types("accept", "shots.yaml", "a").code == 0
    commits(first)
    assert second.runs("--select", "b").code in {0, 5}
    commits(second)

    merged = merges(second, first)

    assert merged.code == 0, merged.text
    plan = second.types("plan", "shots.yaml", "-o", "json")
    steps = {step["id"]: step["action"] for step in json.loads(plan.out)["jobs"]}
    assert steps["a"] == "fetch", plan.text  # the clip that was kept is the one that the first one has
    assert account.submits == 3
