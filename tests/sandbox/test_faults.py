import pytest

from batchrunner.sandbox import Behaviour, Fault, parse_fault
from batchrunner.sandbox.faults import DOWNLOADING, FaultInjector

from .conftest import Imitate
from .imitation import API, FILES, Imitation, is_whole_mp4

REFUSED_BEFORE = {
    Fault.RATE_LIMITED: 429,
    Fault.CONCURRENT_LIMITED: 429,
    Fault.SUBMIT_500_BEFORE: 500,
    Fault.SUBMIT_503_BEFORE: 503,
}
CUT_SUBMITS = {
    Fault.SUBMIT_CUT_BEFORE: 0,
    Fault.SUBMIT_HANG_BEFORE: 0,
    Fault.SUBMIT_CUT_AFTER: 1,
    Fault.SUBMIT_HANG_AFTER: 1,
}


def certain(fault: Fault, rate: float = 1) -> Behaviour:
    return Behaviour(latency_s=0, hang_s=0, faults={fault: rate})


@pytest.mark.parametrize("fault", Fault)
def test_at_rate_0_nothing_goes_wrong(imitate: Imitate, fault: Fault) -> None:
    service = imitate(certain(fault, rate=0))
    reply = service.submit()

    link = service.link(reply.data["task_id"])

    assert reply.data["get_result"]["url"].startswith(API)
    assert link.startswith(FILES)
    assert is_whole_mp4(service.download(link).body)


@pytest.mark.parametrize("fault", REFUSED_BEFORE)
def test_an_error_before_accepting_charges_nothing(imitate: Imitate, fault: Fault) -> None:
    service = imitate(certain(fault))

    reply = service.submit()

    assert (reply.status, reply.json["code"]) == (REFUSED_BEFORE[fault],) * 2
    assert "x-ratelimit-reset" in reply.headers
    assert service.record.charges == ()


@pytest.mark.parametrize(("fault", "status"), [(Fault.SUBMIT_500_AFTER, 500), (Fault.SUBMIT_503_AFTER, 503)])
def test_an_error_after_accepting_is_charged(imitate: Imitate, fault: Fault, status: int) -> None:
    service = imitate(certain(fault))

    assert service.submit().status == status
    assert len(service.record.charges) == 1


@pytest.mark.parametrize("fault", CUT_SUBMITS)
def test_a_cut_submit_is_charged_only_if_it_was_accepted(imitate: Imitate, fault: Fault) -> None:
    service = imitate(certain(fault))

    with pytest.raises(ConnectionResetError):
        service.submit()

    assert len(service.record.charges) == CUT_SUBMITS[fault]


@pytest.mark.parametrize(("fault", "charges"), [(Fault.SUBMIT_HTML_BEFORE, 0), (Fault.SUBMIT_HTML_AFTER, 1)])
def test_a_web_page_says_nothing_about_the_charge(imitate: Imitate, fault: Fault, charges: int) -> None:
    service = imitate(certain(fault))

    reply = service.submit()

    assert (reply.status, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert len(service.record.charges) == charges


def test_the_rate_limit_without_reason_says_that_nothing_remains(imitate: Imitate) -> None:
    reply = imitate(certain(Fault.RATE_LIMITED)).ask("GET", "/api/v1/models")

    assert (reply.status, reply.headers["x-ratelimit-remaining"]) == (429, "0")


def test_the_concurrent_limit_without_reason_leaves_requests(imitate: Imitate) -> None:
    reply = imitate(certain(Fault.CONCURRENT_LIMITED)).submit()

    assert "concurrent limit exceeded" in reply.json["message"]
    assert reply.headers["x-ratelimit-remaining"] == "599"


@pytest.mark.parametrize(("fault", "status"), [(Fault.POLL_500, 500), (Fault.POLL_503, 503), (Fault.POLL_HTML, 200)])
def test_a_failing_poll_leaves_the_task_as_it_is(imitate: Imitate, fault: Fault, status: int) -> None:
    service = imitate(certain(fault))
    task_id = service.submitted()

    failing = service.poll(task_id)
    service.restart(certain(fault, rate=0))

    assert failing.status == status
    assert b'"task_id"' not in failing.body
    assert service.poll(task_id).data["status"] == "success"


@pytest.mark.parametrize("fault", [Fault.POLL_CUT, Fault.POLL_HANG])
def test_a_poll_is_cut(imitate: Imitate, fault: Fault) -> None:
    service = imitate(certain(fault))
    task_id = service.submitted()

    with pytest.raises(ConnectionResetError):
        service.poll(task_id)


def test_a_failed_task_is_a_200_and_stays_charged(imitate: Imitate) -> None:
    service = imitate(certain(Fault.TASK_FAILED))
    task_id = service.submitted()

    reply = service.poll(task_id)

    assert reply.status == 200
    assert reply.data["status"] == "failed"
    assert reply.data["error"]["code"] == "provider_error"
    assert reply.data["billing"] == {"amount": 2.576}
    assert [charge.task_id for charge in service.record.failed] == [task_id]
    assert service.record.spent_usd == service.record.charged_usd > 0


def test_a_moderated_task_gets_its_charge_back_once(imitate: Imitate) -> None:
    service = imitate(certain(Fault.TASK_MODERATED))
    task_id = service.submitted()

    first = service.poll(task_id)
    service.restart(certain(Fault.TASK_MODERATED))
    again = service.poll(task_id)

    assert first.data == again.data
    assert first.data["error"]["code"] == "content_moderated"
    assert first.data["billing"] == {"amount": 0}
    assert len(service.record.refunds) == 1
    assert service.record.spent_usd == 0
    assert service.ask("GET", "/api/v1/team/balance").data == {"balance": 1000}


@pytest.mark.parametrize("fault", [Fault.TASK_FAILED, Fault.TASK_MODERATED, Fault.NO_VIDEO, Fault.COVER_FIRST])
def test_what_becomes_of_a_task_outlives_a_restart(imitate: Imitate, fault: Fault) -> None:
    service = imitate(certain(fault))
    service.submit()

    service.restart(certain(fault, rate=0))
    service.submit()

    assert [charge.traits for charge in service.record.charges] == [{fault}, set()]


def test_a_success_without_a_video_stays_one(imitate: Imitate) -> None:
    service = imitate(certain(Fault.NO_VIDEO))
    task_id = service.submitted()

    replies = [service.poll(task_id).data for _ in range(3)]

    assert all(reply["status"] == "success" for reply in replies)
    assert all(reply["result"]["resources"] == [] for reply in replies)
    assert service.record.spent_usd > 0


def test_a_cover_stands_before_the_video(imitate: Imitate) -> None:
    service = imitate(certain(Fault.COVER_FIRST))

    cover, video = service.poll(service.submitted()).data["result"]["resources"]

    assert (cover["type"], video["type"]) == ("image", "video")
    assert service.download(cover["url"]).body.startswith(b"\x89PNG")
    assert is_whole_mp4(service.download(video["url"]).body)


@pytest.mark.parametrize("fault", [Fault.DOWNLOAD_CUT, Fault.DOWNLOAD_HANG])
def test_a_download_is_cut_in_mid_body(imitate: Imitate, fault: Fault) -> None:
    service = imitate(certain(fault))
    link = service.link(service.submitted())

    with pytest.raises(ConnectionResetError):
        service.download(link)


def test_a_short_download_keeps_its_word_on_length_but_is_no_whole_file(imitate: Imitate) -> None:
    service = imitate(certain(Fault.DOWNLOAD_SHORT))

    reply = service.download(service.link(service.submitted()))

    assert reply.headers["content-type"] == "video/mp4"
    assert reply.headers["content-length"] == str(len(reply.body))
    assert not is_whole_mp4(reply.body)


def test_a_web_page_comes_instead_of_a_file(imitate: Imitate) -> None:
    service = imitate(certain(Fault.DOWNLOAD_HTML))

    reply = service.download(service.link(service.submitted()))

    assert (reply.status, reply.body[:9]) == (200, b"<!doctype")


def test_an_expired_link_stays_expired_and_a_new_one_is_drawn_anew(imitate: Imitate) -> None:
    service = imitate(certain(Fault.LINK_EXPIRED))
    task_id = service.submitted()
    dead = service.link(task_id)

    service.restart(certain(Fault.LINK_EXPIRED, rate=0))

    assert [service.download(dead).status for _ in range(2)] == [403, 403]
    assert service.download(service.link(task_id)).status == 200


def test_the_result_address_may_point_elsewhere(imitate: Imitate) -> None:
    url = imitate(certain(Fault.FOREIGN_GET_RESULT)).submit().data["get_result"]["url"]

    assert not url.startswith((API, FILES))


def test_the_download_link_may_point_elsewhere_and_works_there(imitate: Imitate) -> None:
    service = imitate(certain(Fault.FOREIGN_DOWNLOAD))

    link = service.link(service.submitted())

    assert not link.startswith((API, FILES))
    assert is_whole_mp4(service.download(link).body)


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("poll-500=0.1", (Fault.POLL_500, 0.1)),
        ("cut-after=1", (Fault.SUBMIT_CUT_AFTER, 1.0)),
        ("submit-cut-after=0", (Fault.SUBMIT_CUT_AFTER, 0.0)),
    ],
)
def test_a_fault_is_named_with_its_rate(text: str, parsed: tuple[Fault, float]) -> None:
    assert parse_fault(text) == parsed


def test_an_unknown_fault_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="download-hang") as caught:
        parse_fault("gremlins=0.1")

    assert all(fault in str(caught.value) for fault in Fault)


@pytest.mark.parametrize("text", ["poll-500", "poll-500=", "poll-500=2", "poll-500=-1", "poll-500=nan", "poll-500=x"])
def test_a_rate_is_a_number_from_0_to_1(text: str) -> None:
    with pytest.raises(ValueError, match="0 to 1"):
        parse_fault(text)


def test_every_fault_says_in_a_line_what_it_does() -> None:
    assert all(fault.description and "\n" not in fault.description for fault in Fault)
    assert len(DOWNLOADING) == 4


def throws(injector: FaultInjector, count: int = 200) -> list[bool]:
    return [injector.happens(Fault.POLL_500) for _ in range(count)]


def test_one_seed_gives_the_same_faults_and_a_restart_others() -> None:
    rates = {Fault.POLL_500: 0.3}

    first = throws(FaultInjector(7, 1, rates))

    assert first == throws(FaultInjector(7, 1, rates))
    assert first != throws(FaultInjector(7, 2, rates))
    assert first != throws(FaultInjector(8, 1, rates))
    assert 30 <= sum(first) <= 90


def test_switching_on_one_fault_does_not_move_another() -> None:
    alone, beside = (
        FaultInjector(1, 1, {Fault.POLL_500: 0.5}),
        FaultInjector(1, 1, {Fault.POLL_500: 0.5, Fault.POLL_503: 0.5}),
    )

    def statuses(injector: FaultInjector) -> list[bool]:
        return [Fault.POLL_500 in injector.all([Fault.POLL_503, Fault.POLL_500]) for _ in range(50)]

    assert statuses(alone) == statuses(beside)


def test_a_restart_does_not_repeat_the_decisions(imitate: Imitate) -> None:
    options = Behaviour(latency_s=0, concurrency=100, faults={Fault.TASK_FAILED: 0.5})
    service: Imitation = imitate(options)

    def fates() -> list[bool]:
        for _ in range(30):
            service.submit()
        return [bool(charge.traits) for charge in service.record.charges[-30:]]

    before = fates()
    service.restart(options)

    assert before != fates()
