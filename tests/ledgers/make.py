"""Writes the ledger of film.yaml in the newest version of the tables, as `v5.db`: `python -m tests.ledgers.make`.

It is run once per version of the tables, before the first release that has them. From then on that file is never
made again: later releases must read it as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from batchrunner.domain.attempt import Answer, Attempt, Outcome, RejectReason
from batchrunner.domain.clip import Clip, ClipRole
from batchrunner.domain.decision import Decision, DecisionKind
from batchrunner.domain.job import JobId
from batchrunner.domain.observation import ErrorClass, Failure, Observation, TaskState
from batchrunner.domain.request import Request
from batchrunner.io.files import Root
from batchrunner.manifest.load import load
from batchrunner.planning.job_records import as_record
from batchrunner.storage.interface import Ledger
from batchrunner.storage.open import open_ledger
from batchrunner.storage.records import Claim, NewRun
from batchrunner.storage.sqlite.tables import VERSION

HERE = Path(__file__).parent
NAME = f"v{VERSION}.db"
KEY_DIGEST = "00112233445566aa"

_START_S = 1_795_456_800.0
_PRICE_USD = Decimal("2.576")
_DAY_S = 86_400.0
_DECISION = "00112233445566bb"


def identity_of(name: str) -> JobId:
    """Whose name it is: `hero.2` is the second take of `hero`."""
    job, _, take = name.partition(".")
    return JobId("film", "", job, int(take or 1))


def clip_bytes(name: str) -> bytes:
    """What stands for a job's clip: its size and digest are in the ledger."""
    return f"the clip of {name}".encode()


@dataclass
class Author:
    """Writes the facts of one job after the other, a minute apart."""

    ledger: Ledger
    run_id: int
    requests: Mapping[str, Request]
    now_s: float = _START_S

    def tick(self) -> float:
        self.now_s += 60.0
        return self.now_s

    def claim(self, name: str, request: Request | None = None, number: int = 1, decision: str | None = None) -> int:
        return self.ledger.claim(
            Claim(
                identity=identity_of(name),
                number=number,
                run_id=self.run_id,
                request=request or self.requests[name],
                output=f"outputs/film/{name}.mp4",
                base_url="https://api.modellix.test",
                key_digest=KEY_DIGEST,
                key_last4="0001",
                reserved_usd=_PRICE_USD,
                at_s=self.tick(),
                decision=decision,
            )
        )

    def retry(self, name: str) -> str:
        """A decision about what failed; gives its name."""
        self.ledger.decide(
            [
                (
                    identity_of(name),
                    Decision(self.tick(), DecisionKind.RETRY, 1, self.requests[name], None, _DECISION, "studio"),
                )
            ]
        )
        return _DECISION

    def refuse(self, name: str, why: RejectReason, message: str) -> None:
        answer = Answer(self.tick(), Outcome.REFUSED, reject_reason=why, http_status=400, message=message)
        self.ledger.record_answer(self.claim(name), answer)

    def accept(self, name: str, request: Request | None = None, number: int = 1, decision: str | None = None) -> int:
        attempt_id = self.claim(name, request, number, decision)
        answer = Answer(self.tick(), Outcome.ACCEPTED, f"task-{attempt_id}", http_status=200)
        self.ledger.record_answer(attempt_id, answer)
        return attempt_id

    def see(self, attempt_id: int, state: TaskState, failure: Failure | None = None, *, late: bool = False) -> None:
        settles = state in (TaskState.FAILED, TaskState.GONE)
        seen = Observation(self.tick() + (2 * _DAY_S if late else 0), state, state.value, failure)
        self.ledger.observe(self.attempt(attempt_id), seen, settles=settles)

    def fail(self, name: str, error_class: ErrorClass, message: str) -> None:
        self.see(self.accept(name), TaskState.FAILED, Failure(error_class, message))

    def render(self, name: str, request: Request | None = None, number: int = 1, decision: str | None = None) -> int:
        attempt_id = self.accept(name, request, number, decision)
        self.see(attempt_id, TaskState.WAITING)
        self.see(attempt_id, TaskState.SUCCESS)
        return attempt_id

    def put(self, attempt_id: int, name: str, path: str, role: ClipRole = ClipRole.FINAL) -> None:
        content = clip_bytes(name)
        digest = sha256(content).hexdigest()
        self.ledger.record_clip(attempt_id, Clip(self.tick(), role, path, len(content), digest))

    def finish(self, name: str, request: Request | None = None, number: int = 1, decision: str | None = None) -> int:
        attempt_id = self.render(name, request, number, decision)
        self.put(attempt_id, name, f"outputs/film/{name}.mp4")
        self.ledger.settle(attempt_id, self.tick())
        return attempt_id

    def attempt(self, attempt_id: int) -> Attempt:
        memories = self.ledger.histories("film").values()
        return next(a for memory in memories for a in memory.attempts if a.id == attempt_id)


def make(path: Path) -> None:
    """Writes the ledger; there must be none."""
    manifest = load(HERE / "film.yaml")
    jobs = {job.name: job for job in manifest.jobs}
    with open_ledger(path) as ledger:
        run_id = ledger.begin_run(
            NewRun(
                manifest="film",
                profile="",
                command="run",
                path="film.yaml",
                base_url="https://api.modellix.test",
                host="studio",
                pid=4711,
                release="0.1.0",
                jobs=[{**as_record(job), "file": "film.yaml"} for job in manifest.jobs],
                started_at_s=_START_S,
            )
        )
        author = Author(ledger, run_id, {name: job.request for name, job in jobs.items()})
        ledger.account.record_balance(run_id, KEY_DIGEST, Decimal(250), author.tick())
        _write(author)
        ledger.end_run(run_id, 4, author.tick())


def _write(author: Author) -> None:
    for name in ("done", "done-moved", "done-takes", "done-takes.2"):
        author.finish(name)
    author.fail("done-again", ErrorClass.PROVIDER, "the render broke")
    author.finish("done-again", number=2, decision=author.retry("done-again"))
    author.fail("failed", ErrorClass.PROVIDER, "the render broke")
    author.fail("moderated", ErrorClass.MODERATION, "blocked by the safety filter")
    author.refuse("invalid", RejectReason.INVALID, "InvalidParameter: prompt: too long")
    silent = Answer(author.tick(), Outcome.UNKNOWN, message="no answer in time (ReadTimeout)")
    author.ledger.record_answer(author.claim("unknown"), silent)
    author.claim("unanswered")
    author.see(author.accept("running"), TaskState.WAITING)
    author.render("rendered")
    author.put(author.render("not-settled"), "not-settled", "outputs/film/not-settled.mp4")
    author.see(author.render("expired"), TaskState.GONE, late=True)
    author.refuse("no-money", RejectReason.BALANCE, "the balance is used up")
    author.finish("edited", _with_prompt(author.requests["edited"], "She drinks coffee"))
    first = author.finish("edited-back")
    author.put(first, "edited-back", "outputs/film/versions/edited-back.v1.mp4", ClipRole.VERSION)
    author.finish("edited-back", _with_prompt(author.requests["edited-back"], "She hums"), number=2)
    author.finish("left", _with_prompt(author.requests["done"], "She leaves"))


def _with_prompt(request: Request, prompt: str) -> Request:
    return replace(request, fields={**request.fields, "prompt": prompt})


if __name__ == "__main__":
    with TemporaryDirectory(dir=HERE) as workshop:
        made = Path(workshop) / NAME
        make(made)
        Root(HERE).move(made, HERE / NAME)
