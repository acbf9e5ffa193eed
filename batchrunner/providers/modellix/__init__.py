"""The service in our words: `client` asks, `wire` knows every oddity of its replies, with its source."""

from batchrunner.providers.modellix.client import Modellix
from batchrunner.providers.modellix.rate_limit_headers import RateLimitHeaders
from batchrunner.providers.modellix.wire import (
    BalanceReply,
    SubmitReply,
    TaskReply,
    TaskReplyKind,
    UploadReply,
    UploadReplyKind,
    is_task_id,
    task_id_hints,
)

__all__ = [
    "BalanceReply",
    "Modellix",
    "RateLimitHeaders",
    "SubmitReply",
    "TaskReply",
    "TaskReplyKind",
    "UploadReply",
    "UploadReplyKind",
    "is_task_id",
    "task_id_hints",
]
