from decimal import Decimal
from pathlib import Path

import pytest

from batchrunner.sandbox import Behaviour, record

from .conftest import Imitate
from .imitation import IMAGE_BODY, Imitation


def test_a_charge_is_on_disk_with_all_that_a_witness_needs(service: Imitation) -> None:
    task_id = service.submitted()

    [charge] = service.record.charges

    assert (charge.task_id, charge.model, charge.body) == (task_id, "google/veo-3.1-i2v", IMAGE_BODY)
    assert (charge.amount_usd, charge.at_s, charge.key_end) == (Decimal("2.576"), 1_800_000_000.0, "-key")
    assert b"mdlx-good-key" not in service.state.read_bytes()


def test_tasks_money_and_links_outlive_a_restart(imitate: Imitate) -> None:
    options = Behaviour(latency_s=60)
    service = imitate(options)
    task_id = service.submitted()
    service.clock.now_s += 60
    link = service.link(task_id)

    service.restart(options)

    assert service.poll(task_id).data["status"] == "success"
    assert service.download(link).status == 200
    assert service.ask("GET", "/api/v1/team/balance").data == {"balance": 997.424}


def test_running_tasks_still_take_their_slots_after_a_restart(imitate: Imitate) -> None:
    options = Behaviour(latency_s=60, concurrency=1)
    service = imitate(options)
    service.submit()

    service.restart(options)

    assert service.submit().status == 429


def test_ids_never_repeat_whatever_the_seed_after_a_restart(service: Imitation) -> None:
    for seed in (0, 0, 1):
        service.restart(Behaviour(latency_s=0, seed=seed))
        service.submit()
        service.submit()

    ids = [charge.task_id for charge in service.record.charges]

    assert len(set(ids)) == 6
    assert all(len(task_id) == len("task-") + 16 for task_id in ids)


def test_a_torn_last_line_is_dropped_and_the_journal_goes_on(service: Imitation) -> None:
    service.submit()
    with service.state.open("ab") as file:
        file.write(b'{"event": "charged", "at_s": 18000')

    seen_from_outside = len(service.record.charges)
    service.restart(Behaviour(latency_s=0))
    service.submit()

    assert seen_from_outside == 1
    assert len(service.record.charges) == 2


@pytest.mark.parametrize("line", ["{}", "garbage", "[]", '{"event": "charged"}', '{"event": "unheard"}'])
def test_a_damaged_line_within_is_an_error_that_names_it(service: Imitation, line: str) -> None:
    text = service.state.read_text()
    service.state.write_text(f"{text}{line}\n{text}")

    with pytest.raises(ValueError, match="line 2"):
        service.restart(Behaviour())


def test_without_a_state_file_the_record_is_empty(tmp_path: Path) -> None:
    nothing = record(tmp_path / "none.jsonl")

    assert nothing.charges == ()
    assert nothing.spent_usd == 0
