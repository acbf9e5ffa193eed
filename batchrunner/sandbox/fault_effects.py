"""How each fault of an API call looks from outside."""

import asyncio

from batchrunner.sandbox.exchange import HttpAnswer, page, refused
from batchrunner.sandbox.faults import Fault

INTERNAL_ERROR = "InternalError: something went wrong, try again later"
UNAVAILABLE = "ServiceUnavailable: the service is temporarily unavailable"


async def misbehave(fault: Fault, hang_s: float) -> HttpAnswer:
    """What takes the place of the right answer.

    Raises:
        ConnectionResetError: the connection is cut, at once or after `hang_s` of silence.
    """
    match fault:
        case Fault.SUBMIT_500_BEFORE | Fault.SUBMIT_500_AFTER | Fault.POLL_500:
            return refused(500, INTERNAL_ERROR)
        case Fault.SUBMIT_503_BEFORE | Fault.SUBMIT_503_AFTER | Fault.POLL_503:
            return refused(503, UNAVAILABLE)
        case Fault.SUBMIT_HTML_BEFORE | Fault.SUBMIT_HTML_AFTER | Fault.POLL_HTML:
            return page(200, "One moment, please")
        case Fault.SUBMIT_HANG_BEFORE | Fault.SUBMIT_HANG_AFTER | Fault.POLL_HANG:
            await asyncio.sleep(hang_s)
            raise ConnectionResetError(f"cut after {hang_s:g} s of silence ({fault})")
        case Fault.SUBMIT_CUT_BEFORE | Fault.SUBMIT_CUT_AFTER | Fault.POLL_CUT:
            raise ConnectionResetError(f"cut ({fault})")
        case _:
            raise ValueError(f"{fault} is not a fault of an API call's answer")
