"""What a ledger may remember of one job: every kind of history."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from batchrunner.domain.attempt import LONGEST_RETENTION_S, Answer, Attempt, Outcome, RejectReason
from batchrunner.domain.clip import Clip, ClipRole
from batchrunner.domain.job import Job, JobId
from batchrunner.domain.location import Location
from batchrunner.domain.money import Cost
from batchrunner.domain.observation import ErrorClass, Failure, Observation, TaskState
from batchrunner.domain.request import Request

OPENED_S = 1_795_456_800.0
EARLY_S = OPENED_S + 3_600.0
LATE_S = OPENED_S + LONGEST_RETENTION_S + 3_600.0

MODEL = "google/veo-3.1-i2v"
FIELDS = {"aspectRatio": "16:9", "image": "https://example.com/a.jpg", "prompt": "She waves"}
REQUEST = Request(MODEL, FIELDS | {"durationSeconds": "8"})
EDITED = Request(MODEL, FIELDS | {"durationSeconds": "4"})
COST = Cost(Decimal("2.00"), Decimal("3.00"))
KEY = "digest-of-the-key"


def a_job(request: Request = REQUEST, name: str = "hero") -> Job:
    return Job(
        identity=JobId("film", "", name, 1),
        body=request.fields,
        request=request,
        output=f"outputs/film/{name}.mp4",
        tags=(),
        location=Location("film.yaml", 5, 5),
    )


def an_attempt(number: int = 1, request: Request = REQUEST) -> Attempt:
    """One that is open, and of which nothing is known."""
    return Attempt(
        id=number,
        run_id=1,
        number=number,
        request=request,
        output="outputs/film/hero.mp4",
        base_url="https://api.modellix.test",
        key_digest=KEY,
        reserved_usd=COST.high_usd,
        opened_at_s=OPENED_S,
    )


def closed(attempt: Attempt, at_s: float = EARLY_S) -> Attempt:
    return replace(attempt, settled_at_s=at_s)


def unknown(message: str = "no answer in time (ReadTimeout)") -> Attempt:
    return replace(an_attempt(), answers=(Answer(OPENED_S, Outcome.UNKNOWN, message=message),))


def refused(why: RejectReason) -> Attempt:
    answer = Answer(OPENED_S, Outcome.REFUSED, reject_reason=why, message="InvalidParameter: no such thing")
    return closed(replace(an_attempt(), answers=(answer,)), OPENED_S)


def accepted(*seen: Observation, number: int = 1, request: Request = REQUEST) -> Attempt:
    answer = Answer(OPENED_S, Outcome.ACCEPTED, f"task-{number}")
    return replace(an_attempt(number, request), answers=(answer,), observations=seen)


def saw(state: TaskState, at_s: float = EARLY_S, word: str = "", failure: Failure | None = None) -> Observation:
    return Observation(at_s, state, word or state.value, failure)


def failed(message: str, error_class: ErrorClass = ErrorClass.PROVIDER, number: int = 1) -> Attempt:
    seen = saw(TaskState.FAILED, failure=Failure(error_class, message))
    return closed(accepted(seen, number=number))


def put(attempt: Attempt, role: ClipRole = ClipRole.FINAL) -> Attempt:
    """The attempt after its clip was written down."""
    clip = Clip(EARLY_S, role, "outputs/film/hero.mp4", 3_669, "0" * 64)
    return replace(attempt, clips=(clip,))


WAITING, SUCCESS = saw(TaskState.WAITING), saw(TaskState.SUCCESS)
GONE_EARLY, GONE_LATE = saw(TaskState.GONE, EARLY_S), saw(TaskState.GONE, LATE_S)
GONE_FOR_GOOD = tuple(saw(TaskState.GONE, LATE_S + later_s) for later_s in (0, 150, 300))

# Every kind of past but the empty one. Of those with a clip, the file may be there or not.
PASTS: Mapping[str, Attempt | None] = {
    "none": None,
    "unanswered": an_attempt(),
    "unknown": unknown(),
    "unknown, without a word": unknown(""),
    **{f"refused: {why.value}": refused(why) for why in RejectReason},
    "accepted": accepted(),
    "running": accepted(WAITING),
    "running, not found too early": accepted(WAITING, GONE_EARLY),
    "rendered": accepted(WAITING, SUCCESS),
    "rendered, not found too early": accepted(SUCCESS, GONE_EARLY),
    "rendered, not found once": accepted(SUCCESS, GONE_LATE),
    "clip written down, not settled": put(accepted(SUCCESS)),
    "failed": failed("the render broke"),
    "failed, without a word": closed(accepted(saw(TaskState.FAILED))),
    "moderated": failed("blocked by the safety filter", ErrorClass.MODERATION),
    "success without a video": closed(
        accepted(saw(TaskState.FAILED, word="success", failure=Failure(ErrorClass.PROVIDER, "no video")))
    ),
    "never seen again": closed(accepted(WAITING, *GONE_FOR_GOOD), LATE_S + 300),
    "rendered, lost": closed(accepted(SUCCESS, *GONE_FOR_GOOD), LATE_S + 300),
    "rendered, lost by one look of an older release": closed(accepted(SUCCESS, GONE_LATE), LATE_S),
    "done": closed(put(accepted(SUCCESS))),
    "done, not found too early": closed(put(accepted(SUCCESS, GONE_EARLY))),
    "done, not found once": closed(put(accepted(SUCCESS, GONE_LATE))),
    "done, later gone": closed(put(accepted(SUCCESS, *GONE_FOR_GOOD))),
    "among the versions": closed(put(accepted(SUCCESS), ClipRole.VERSION)),
    "among the versions, later gone": closed(put(accepted(SUCCESS, *GONE_FOR_GOOD), ClipRole.VERSION)),
}
