"""Statuses as people read them."""

from batchrunner.domain.status import Status, counts_in_words


def test_a_status_that_people_stumble_over_says_what_it_means() -> None:
    told = {status: status.words for status in Status if status.words != status.value}
    assert told == {
        Status.UNKNOWN: "sent, no answer: may be paid",
        Status.RENDERED: "rendered, not downloaded",
    }


def test_counts_are_in_one_order_and_leave_out_what_is_not_there() -> None:
    assert counts_in_words({Status.FAILED: 1, Status.DONE: 3, Status.PENDING: 0}) == "3 done, 1 failed"


def test_counts_are_parted_clearly_where_a_status_has_a_comma() -> None:
    assert counts_in_words({Status.DONE: 3, Status.RENDERED: 1}) == "1 rendered, not downloaded; 3 done"
