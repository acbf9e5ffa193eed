"""The service imitated, from its documentation alone: it takes no money and forgives nothing.

In process, a `Sandbox` answers one exchange at a time; on a port, a `Server` carries them over HTTP.
`record` tells from outside what was charged.
"""

from batchrunner.sandbox.behaviour import Behaviour
from batchrunner.sandbox.exchange import HttpAnswer
from batchrunner.sandbox.faults import Fault, parse_fault
from batchrunner.sandbox.imitated_model import ImitatedModel, texts_in
from batchrunner.sandbox.journal_events import Charged, Leaked, Refunded, Uploaded
from batchrunner.sandbox.record import ChargeRecord, record
from batchrunner.sandbox.reply_forms import REPLY_FORMS, ReplyForm
from batchrunner.sandbox.server import Server, serve
from batchrunner.sandbox.service import Sandbox

__all__ = [
    "REPLY_FORMS",
    "Behaviour",
    "ChargeRecord",
    "Charged",
    "Fault",
    "HttpAnswer",
    "ImitatedModel",
    "Leaked",
    "Refunded",
    "ReplyForm",
    "Sandbox",
    "Server",
    "Uploaded",
    "parse_fault",
    "record",
    "serve",
    "texts_in",
]
