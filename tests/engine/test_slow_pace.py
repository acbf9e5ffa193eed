"""An account that takes hardly a request: what is waited for is said, once as a note and in every line of progress."""

from dataclasses import replace

from batchrunner.domain.event import EventKind, Progress
from batchrunner.errors import ExitCode
from tests.studio import Studio, manifest_text


def reasons(studio: Studio) -> set[str]:
    return {event.waits_for for event in studio.events if isinstance(event, Progress) and event.waits_for}


def notes(studio: Studio) -> list[str]:
    return [event.text for event in studio.told(EventKind.NOTE) if "request" in event.text]


def test_an_account_of_one_request_a_minute_is_told(studio: Studio) -> None:
    studio.options = replace(studio.options, rate_per_min=1)
    studio.write(manifest_text("a", "b"))

    ended = studio.run()

    assert ended.exit_code is ExitCode.DONE
    [note] = notes(studio)
    assert "1 request a minute" in note
    assert any("1 request a minute" in reason for reason in reasons(studio))


def test_a_pace_that_holds_nobody_up_is_not_told(studio: Studio) -> None:
    studio.options = replace(studio.options, rate_per_min=60)
    studio.write(manifest_text("a", "b"))

    studio.run()

    assert notes(studio) == []
    assert not any("request" in reason for reason in reasons(studio))


def test_a_pace_that_somebody_asked_for_is_told_as_such(studio: Studio) -> None:
    studio.write(manifest_text("a"))

    studio.run(rate_per_min=2)

    [note] = notes(studio)
    assert "2 requests a minute" in note
