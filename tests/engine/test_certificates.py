"""A certificate that is not accepted ends a run with its reason: it is no outage that is waited for."""

import ssl
from collections.abc import Callable, Mapping

import httpx
import pytest

from batchrunner.domain.event import EventKind
from batchrunner.domain.status import Status
from batchrunner.domain.step import HoldReason
from batchrunner.errors import ExitCode
from batchrunner.io.http import Answered, Responder
from tests.engine.wishes import blocks
from tests.studio import Studio, manifest_text


def badly_certified(is_meant: Callable[[str], bool]) -> Callable[[Responder], Responder]:
    """A way on which somebody with a certificate of their own stands before some addresses."""

    def way(answer: Responder) -> Responder:
        async def answered(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
            if is_meant(target):
                error = ssl.SSLCertVerificationError(1, "certificate verify failed")
                error.verify_message = "self-signed certificate"
                raise httpx.ConnectError("") from error
            return await answer(method, target, headers, body)

        return answered

    return way


def said(studio: Studio) -> str:
    return "\n".join(event.text for event in studio.told(EventKind.NOTE, EventKind.HALT))


def test_nothing_is_submitted_to_a_service_whose_certificate_is_not_accepted(studio: Studio) -> None:
    studio.way = badly_certified(lambda _: True)
    studio.write(manifest_text("a", "b"))

    ended = studio.run()

    assert ended.exit_code is ExitCode.WORK_LEFT
    assert ended.seconds < 5
    assert len(studio.asked) == 1, "the balance"
    assert studio.statuses() == {"a": Status.PENDING, "b": Status.PENDING}
    [halt] = studio.told(EventKind.HALT)
    assert "self-signed certificate" in halt.text
    assert "SSL_CERT_FILE" in halt.text
    assert studio.api in halt.text


@pytest.mark.parametrize("what", ["/async", "/tasks/"])
def test_a_certificate_that_turns_bad_in_the_midst_of_a_run_ends_it_and_nothing_is_lost(
    studio: Studio, what: str
) -> None:
    studio.way = badly_certified(lambda target: what in target)
    studio.write(manifest_text("a", "b"))

    ended = studio.run(concurrency=1)

    assert ended.exit_code is ExitCode.WORK_LEFT
    assert ended.seconds < 120
    assert len(studio.told(EventKind.HALT)) == 1
    studio.way = lambda answer: answer
    assert studio.run().exit_code is ExitCode.DONE
    assert len(studio.record().charges) == 2


def test_a_file_server_whose_certificate_is_not_accepted_is_not_tried_for_25_minutes(studio: Studio) -> None:
    studio.way = badly_certified(lambda target: not target.startswith("/api/"))
    studio.write(manifest_text("a"))

    assert blocks(studio) == {"a": HoldReason.FETCH_FAILED}

    assert len([asked for asked in studio.asked if asked.is_download]) == 1
    assert "self-signed certificate" in said(studio)
    studio.way = lambda answer: answer
    assert studio.run().exit_code is ExitCode.DONE
