"""A contract that has changed under the same name: nothing is paid before somebody has looked at it."""

import json
from typing import Any

import pytest

from batchrunner.sandbox import Fault
from tests.catalog.published import SLUG, published, without_4k

from .service import Service
from .user import Said, User

pytestmark = pytest.mark.untraced


def checked(user: User, change: Any = without_4k) -> Said:
    (user.folder / "api_schema.json").write_text(json.dumps(published(change=change)), encoding="utf-8")
    return user.types("models", "check", SLUG, "--offline-file", "api_schema.json")


def test_a_run_waits_until_the_drift_was_accepted_and_later_runs_do_not_ask(user: User, service: Service) -> None:
    user.writes("a", "b")
    assert checked(user).code == 1

    refused = f"`run` refuses {SLUG}: the contract has changed; look at it with `batchrunner models check {SLUG}`"
    assert f"  {refused}\n" in user.types("plan", "shots.yaml").out
    said = user.runs()
    assert said.code == 2, said.text
    assert f"the contract of {SLUG} is not the published one any more (checked 20" in said.err
    assert "it differs in resolution.enum" in said.err
    assert f"Look at it with `batchrunner models check {SLUG}`" in said.err
    assert "pass --accept-drift. Nothing was submitted" in said.err
    assert service.submits == 0

    assert user.runs("--accept-drift", "--limit", "1").code == 0
    assert refused not in user.types("plan", "shots.yaml").out
    said = user.runs()
    assert said.code == 0, said.text
    assert service.submits == 2


def test_what_was_accepted_is_that_contract_and_no_other(user: User, service: Service) -> None:
    user.writes("a", "b")
    checked(user)
    assert user.runs("--accept-drift", "--limit", "1").code == 0

    def more(schema: dict[str, Any]) -> None:
        without_4k(schema)
        schema["required"].append("image")

    checked(user, more)
    assert user.runs().code == 2
    assert service.submits == 1
    checked(user, None)
    assert user.runs().code == 0


def test_retry_and_redo_wait_too_and_what_is_free_does_not(user: User, service: Service) -> None:
    user.writes("a", "b")
    service.faults[Fault.TASK_FAILED] = 1
    assert user.runs("--limit", "1").code == 1
    service.faults.clear()
    assert user.runs().code == 1
    checked(user)

    assert "pass --accept-drift" in user.types("retry", "shots.yaml", "--yes").err
    assert "pass --accept-drift" in user.types("redo", "shots.yaml", "b", "--yes").err
    assert service.submits == 2
    assert user.types("fetch", "shots.yaml").code == 1, "one failed; it needs no approval to say so"
    assert user.types("retry", "shots.yaml", "--yes", "--accept-drift").code == 0
    assert user.runs().code == 0, "nothing is left to pay"
    assert service.submits == 3


def test_without_consent_nothing_is_accepted(user: User, service: Service) -> None:
    user.writes("a")
    checked(user)
    assert "pass --yes" in user.types("run", "shots.yaml", "--accept-drift").err
    assert "pass --accept-drift" in user.runs().err
    assert service.submits == 0


def test_a_rehearsal_waits_for_nobody(user: User) -> None:
    user.writes("a")
    checked(user)
    assert "refuses" not in user.types("plan", "shots.yaml", "--sandbox").out
    assert user.types("run", "shots.yaml", "--yes", "--sandbox").code == 0


def test_a_description_that_was_edited_since_the_last_paid_clip_waits_too(user: User, service: Service) -> None:
    def describe(most_characters: int) -> None:
        schema = published()["post"]["requestBody"]["content"]["application/json"]["schema"]
        schema = {name: schema[name] for name in ("type", "required", "properties")}
        schema["properties"]["prompt"]["maxLength"] = most_characters
        written = {"like": SLUG, "slug": SLUG, "body": schema}
        (user.folder / "mine.yaml").write_text(json.dumps(written), encoding="utf-8")

    user.writes("a", head="models: mine.yaml")
    describe(500)
    said = user.runs()
    assert said.code == 0, said.text
    describe(900)

    said = user.types("redo", "shots.yaml", "a", "--yes")
    assert said.code == 2, said.text
    assert f"{SLUG} is described otherwise here than for your last paid clip of it" in said.err
    assert f"`batchrunner models check {SLUG} --manifest {user.manifest}`" in said.err
    assert service.submits == 1

    assert user.types("redo", "shots.yaml", "a", "--yes", "--accept-drift").code == 0
    describe(500)
    assert user.types("redo", "shots.yaml", "a", "--yes").code == 0, "with this one a clip was paid before"
    assert service.submits == 3
