"""What a failure tells people."""

import pytest

from batchrunner.domain.observation import ErrorClass, Failure

BLOCKED = "the request or its result was blocked by the provider's safety filters"


@pytest.mark.parametrize("codes", ["content_moderated: ContentModerated: ", "content_moderated: ", ""])
def test_moderation_is_said_once_with_what_follows_from_it(codes: str) -> None:
    failure = Failure(ErrorClass.MODERATION, codes + BLOCKED)
    assert failure.explained(is_free=True) == (
        f"blocked by content moderation, not charged; an unchanged prompt will probably be refused again: {BLOCKED}"
    )


def test_moderation_is_called_free_only_where_the_service_said_so() -> None:
    assert "charged" not in Failure(ErrorClass.MODERATION, BLOCKED).explained(is_free=False)


def test_any_other_failure_is_told_in_the_words_of_the_service() -> None:
    failure = Failure(ErrorClass.PROVIDER, "internal_error: try later")
    assert failure.explained(is_free=True) == "internal_error: try later"
