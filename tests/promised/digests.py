"""Digests that are kept or typed: two releases must give one thing the same."""

from datetime import date
from decimal import Decimal

from batchrunner.catalog import shipped
from batchrunner.domain.job import Job, JobId
from batchrunner.domain.location import Location
from batchrunner.domain.money import Cost
from batchrunner.domain.status import Status
from batchrunner.domain.step import Action, Step
from batchrunner.planning.plan_digest import Terms, plan_digest
from batchrunner.providers.credentials import Credentials
from batchrunner.storage.sqlite.digests import content_digest, owner_digest

_BODY = {"prompt": "She waves", "image": "https://example.com/a.jpg", "durationSeconds": 8, "resolution": "720p"}


def digests() -> object:
    """Each of some fixed thing."""
    request = shipped().request_of("google/veo-3.1-i2v", _BODY)
    who = JobId("film", "draft", "hero", 2)
    job = Job(who, _BODY, request, "outputs/film/hero.2.mp4", ("close-up",), Location("film.yaml", 5, 5))
    step = Step(Action.SUBMIT, Status.PENDING, "new", cost=Cost(Decimal("2.00"), Decimal("3.00")))
    terms = Terms("https://api.modellix.test", date(2026, 8, 18), 2, Decimal(20), Decimal(900), leaves=("a.png",))
    return {
        "request": request.as_json(),
        "fingerprint of a request": request.fingerprint,
        "name of a take": who.name,
        "identity": who.digest,
        "key": Credentials("https://api.modellix.test", "mdlx-test-0001").key_digest,
        "plan": plan_digest([(job, step)], terms),
        "owner of a row": owner_digest(("film", "", "hero", 1)),
        "content of a row": content_digest(("film", 1, None, 1.5, "é")),
    }
