"""The checks that need the service's answer: its address, the key, the account, and what time it is."""

from batchrunner.app.checkup import Checkup, Found, Health, parted
from batchrunner.app.endpoint import AccountAnswer
from batchrunner.domain.money import dollars
from batchrunner.domain.text import duration
from batchrunner.errors import Unauthorized, UsageError
from batchrunner.providers.credentials import DEFAULT_BASE_URL, read_base_url, read_credentials
from batchrunner.providers.provider import BalanceStatus, KeyStatus

_SMALL_SKEW_S, _LARGE_SKEW_S = 60.0, 300.0


def address(checkup: Checkup) -> Found:
    """Whether the service can be reached, and is the one that it should be."""
    if checkup.is_sandbox:
        return Health.SKIPPED, "the sandbox is in this process", ""
    try:
        url = read_base_url(checkup.environment)
    except UsageError as error:
        return Health.WRONG, *parted(error)
    match checkup.account:
        case AccountAnswer(refusal=str(why)):
            words, _, helps = why.partition(". ")
            return Health.WRONG, words, helps
        case AccountAnswer(is_answered=False):
            return Health.WRONG, f"{url} does not answer", "check the network, HTTPS_PROXY and MODELLIX_BASE_URL"
        case AccountAnswer():
            return Health.OK, f"{url} answers", ""
        case why:
            named = "" if url == DEFAULT_BASE_URL else ", from MODELLIX_BASE_URL"
            return Health.SKIPPED, f"{url}{named}: {why}", ""


def key(checkup: Checkup) -> Found:
    """Whether there is a key, and the service takes it."""
    if checkup.is_sandbox:
        return Health.SKIPPED, "the sandbox needs none", ""
    try:
        access = read_credentials(checkup.environment)
    except Unauthorized as error:
        return Health.WRONG, *parted(error)
    except UsageError:
        return Health.SKIPPED, "there is no address to send it to", ""
    found = f"it ends with {access.key_last4}"
    if not isinstance(checkup.account, AccountAnswer) or checkup.account.key is KeyStatus.UNKNOWN:
        return Health.SKIPPED, f"{found}; whether it is accepted was not found out", ""
    if checkup.account.key is KeyStatus.REFUSED:
        return Health.WRONG, f"{found}, and the service refuses it", "copy it again from the service's web console"
    return Health.OK, f"{found}, and is accepted", ""


def balance(checkup: Checkup) -> Found:
    """What the account holds."""
    if not isinstance(checkup.account, AccountAnswer):
        return Health.SKIPPED, checkup.account, ""
    reply = checkup.account.balance
    if reply.status is not BalanceStatus.TOLD or reply.usd is None:
        return Health.SKIPPED, "the service did not say", ""
    if not reply.usd:
        return Health.WARNING, dollars(reply.usd), "top it up before a run, or let it wait: `run --wait-for-balance`"
    return Health.OK, dollars(reply.usd), ""


def clock(checkup: Checkup) -> Found:
    """Whether this machine's clock is the service's."""
    if not isinstance(checkup.account, AccountAnswer):
        return Health.SKIPPED, f"it is compared with the service's: {checkup.account}", ""
    sent_at_s = checkup.account.balance.limits.sent_at_s
    if sent_at_s is None:
        return Health.SKIPPED, "the service did not say what time it is", ""
    skew_s = checkup.now_s - sent_at_s
    if abs(skew_s) <= _SMALL_SKEW_S:
        return Health.OK, "as the service's, within a minute", ""
    said = f"{duration(abs(skew_s))} {'ahead of' if skew_s > 0 else 'behind'} the service's"
    state = Health.WARNING if abs(skew_s) <= _LARGE_SKEW_S else Health.WRONG
    return state, said, "set this machine's clock: deadlines and the ends of links are told by it"
