"""Two at once in one project: two manifests, and two runs of one manifest."""

import socket

import pytest

from .service import Service, polls, submits
from .user import Running, User, manifest_text, prompt_of

FAST = "settings: {concurrency: 4, rate: 6000/min}"
MANIFESTS = ("film", "trailer")
HERE = socket.gethostname()
RECEIPTS = "shots.receipts.jsonl"


def prompts(*jobs: str) -> list[str]:
    return sorted(map(prompt_of, jobs))


# Two manifests in one project


def writes(user: User, name: str) -> list[str]:
    """Saves another manifest beside the first, with three jobs of its own."""
    jobs = [f"{name}-{number}" for number in range(3)]
    text = manifest_text(*jobs, head=FAST).replace("name: shots", f"name: {name}")
    (user.folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return jobs


def starts_a_run_of(user: User, name: str) -> Running:
    return user.starts("run", f"{name}.yaml", "--yes", "-o", "json")


def test_two_manifests_of_one_project_are_rendered_at_the_same_time(user: User, service: Service) -> None:
    jobs = {name: writes(user, name) for name in MANIFESTS}
    with (
        service.holding(submits) as gate,
        starts_a_run_of(user, "film") as one,
        starts_a_run_of(user, "trailer") as two,
    ):
        assert service.wait_until(lambda: gate.held >= 2 and {at_work(user, name) for name in MANIFESTS} == {True})
        gate.open()
        ended = [one.end(), two.end()]

    assert [said.code for said in ended] == [0, 0], "\n".join(said.text for said in ended)
    assert service.charged_prompts == prompts(*jobs["film"], *jobs["trailer"])
    for name in MANIFESTS:
        report = user.types("status", f"{name}.yaml", "-o", "json").report
        assert report.statuses == dict.fromkeys(jobs[name], "done")
        assert len((user.folder / f"{name}.receipts.jsonl").read_text(encoding="utf-8").splitlines()) == 3


def at_work(user: User, name: str) -> bool:
    return (user.folder / ".batchrunner" / f"{name}.lock.json").exists()


# Two runs of one manifest


def test_a_second_run_says_which_process_is_at_work_where_and_since_when(user: User, service: Service) -> None:
    user.writes("a", head=FAST)
    with service.holding(polls) as gate, user.starts_a_run() as first:
        assert service.wait_until(lambda: gate.held > 0)
        second = user.runs()
        gate.open()
        assert first.end().code == 0
    assert second.code == 11, second.text
    assert f"process {first.process.pid} on {HERE}, since 20" in second.err
    assert service.submits == 1


@pytest.mark.parametrize("command", ["status", "plan"])
def test_what_only_tells_works_beside_a_run(user: User, service: Service, command: str) -> None:
    user.writes("a", head=FAST)
    with service.holding(polls) as gate, user.starts_a_run() as run:
        assert service.wait_until(lambda: gate.held > 0)
        said = user.types(command, "shots.yaml")
        gate.open()
        assert run.end().code == 0
    assert (said.code, said.err) == (0, ""), said.text
    assert "running" in said.out or "poll" in said.out
