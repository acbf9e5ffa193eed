"""What a plan is called: equal names, equal payments."""

import json
from collections.abc import Iterable
from hashlib import sha256

from batchrunner.nouns.job import Job
from batchrunner.nouns.step import Action, Step


def plan_digest(planned: Iterable[tuple[Job | None, Step]]) -> str:
    """Twelve signs that stand for what would be paid: which jobs, what each asks for, and its price."""
    paid = [
        [
            job.identity.manifest,
            job.identity.profile,
            job.name,
            job.request.as_json(),
            str(step.cost.low_usd),
            str(step.cost.high_usd),
        ]
        for job, step in planned
        if job is not None and step.action is Action.SUBMIT
    ]
    return sha256(json.dumps(paid, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:12]
