"""What must be true after every run, whatever happened to it: the service's record against ours."""

from collections import Counter

from batchrunner.domain.status import Status
from batchrunner.planning.batch import JobState
from batchrunner.sandbox import Charged
from batchrunner.sandbox.downloads import clip_of
from tests.studio import Studio


def audit(studio: Studio) -> None:
    """Nothing paid twice, nothing paid lost, nothing called done that is not whole, no key abroad."""
    seen = studio.seen()
    charges = studio.record().charges
    assert_each_is_paid_once(charges)
    known = studio.known_tasks()
    unknown = {prompt for job in seen if job.step.status is Status.UNKNOWN for prompt in prompts_of(job)}
    lost = [charge.body["prompt"] for charge in charges if charge.task_id not in known]
    assert set(lost) <= unknown, f"paid and lost: {lost}"
    for job in seen:
        if job.step.status is Status.DONE:
            assert_is_whole(studio, job)
    assert studio.record().leaks == ()
    assert studio.booked_usd() >= studio.record().spent_usd


def assert_each_is_paid_once(charges: tuple[Charged, ...]) -> None:
    times = Counter(str(charge.body["prompt"]) for charge in charges)
    assert not [prompt for prompt, count in times.items() if count > 1], f"paid twice: {times}"


def assert_is_whole(studio: Studio, job: JobState) -> None:
    """The file under the final name is the clip of a task that was charged for this very prompt."""
    assert job.job is not None
    prompt = job.job.request.fields["prompt"]
    clips = [clip_of(charge.task_id) for charge in studio.record().charges if charge.body["prompt"] == prompt]
    assert studio.clip(job.identity.name).read_bytes() in clips, f"{job.identity.name} is not its clip"


def prompts_of(job: JobState) -> set[str]:
    """What a job asks for, and what it ever asked for."""
    requests = [attempt.request for attempt in job.history.attempts] + ([job.job.request] if job.job else [])
    return {str(request.fields["prompt"]) for request in requests}


def counts(studio: Studio) -> Counter[Status]:
    """How many jobs have each status."""
    return Counter(studio.statuses().values())
