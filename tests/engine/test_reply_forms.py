"""Whole runs against a service whose replies have another form than the documented one."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from batchrunner.domain.status import Status
from batchrunner.sandbox import REPLY_FORMS, Fault, imitated_model
from tests.studio import Studio, manifest_text

every_form = pytest.mark.parametrize("form", REPLY_FORMS)


@pytest.fixture(autouse=True)
def _in_that_form(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The models that the manifests name reply in another form; nothing else of them changes."""
    told = tuple(replace(model, reply_form=REPLY_FORMS[form]) for model in imitated_model.VEO_MODELS)
    monkeypatch.setattr(imitated_model, "VEO_MODELS", told)


@every_form
def test_a_batch_is_rendered_billed_and_known_until_its_end_in_every_form(tmp_path: Path) -> None:
    studio = Studio(tmp_path)
    studio.write(manifest_text("one", "two"))

    studio.run()

    assert studio.statuses() == dict.fromkeys(("one", "two"), Status.DONE)
    charges = {charge.task_id: charge for charge in studio.record().charges}
    attempts = [attempt for seen in studio.seen() for attempt in seen.history.attempts]
    assert {attempt.task_id for attempt in attempts} == set(charges)
    assert len(charges) == len(attempts) == 2
    for attempt in attempts:
        charge = charges[str(attempt.task_id)]
        [end] = [seen for seen in attempt.observations if seen.expires_at_s is not None]
        assert end.billed_usd == charge.amount_usd == Decimal("2.576")
        kept_until_s = charge.at_s + charge.latency_s + studio.options.retention_s
        assert end.expires_at_s == pytest.approx(kept_until_s, abs=1)


@every_form
def test_a_task_that_fails_says_why_in_every_form(tmp_path: Path) -> None:
    studio = Studio(tmp_path)
    studio.options = replace(studio.options, faults={Fault.TASK_FAILED: 1.0})
    studio.write(manifest_text("one"))

    studio.run()

    [seen] = studio.seen()
    assert seen.step.status is Status.FAILED
    failure = seen.history.attempts[-1].observations[-1].failure
    assert failure is not None
    assert "could not render" in failure.message
    assert len(studio.record().charges) == 1
