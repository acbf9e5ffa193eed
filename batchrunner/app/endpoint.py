"""The service that is asked: who asks it, and how connections to it are made."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from batchrunner.app.imitated_models import imitated_models
from batchrunner.catalog import Catalog
from batchrunner.domain.settings import Network
from batchrunner.errors import CertificateRefused
from batchrunner.io.clock import Clock
from batchrunner.io.http import Http, InProcessTransport
from batchrunner.io.roots import make_state_folder
from batchrunner.providers.credentials import Credentials
from batchrunner.providers.provider import BalanceReply, BalanceStatus, KeyStatus, Provider
from batchrunner.providers.provider_registry import DEFAULT, PROVIDERS, MakeProvider
from batchrunner.sandbox import Behaviour as SandboxOptions
from batchrunner.sandbox import Sandbox
from batchrunner.storage.account_limits import NO_LIMITS, AccountLimits, own_limits
from batchrunner.storage.paths import ProjectPaths

T = TypeVar("T")

SANDBOX_ACCESS = Credentials("http://127.0.0.1", "mdlx-sandbox")

# What a person is told who asked with a key that is no good.
KEY_REFUSED = (
    "the service refuses this API key: nothing was submitted, nothing is paid. Set MODELLIX_API_KEY to a valid one (or "
    "correct the key's file); `batchrunner doctor` checks it; then run the same command again"
)


@dataclass(frozen=True, slots=True)
class AccountAnswer:
    """What a service answered when it was asked of a key; `refusal` is why it was not trusted, in a sentence."""

    key: KeyStatus
    balance: BalanceReply
    refusal: str | None = None

    @property
    def is_answered(self) -> bool:
        """Whether anybody answered at all."""
        return self.key is not KeyStatus.UNKNOWN or self.balance.status is not BalanceStatus.UNANSWERED


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address with a key, and what makes connections to it; the one place that chooses a provider.

    `account_limits`: where it is remembered, for all projects of a person, how many tasks the account runs at once.
    """

    access: Credentials
    make_http: Callable[[], Http]
    make_provider: MakeProvider = PROVIDERS[DEFAULT].make
    account_limits: AccountLimits = NO_LIMITS

    @property
    def is_paid(self) -> bool:
        """Whether it takes money: the imitated service in this very process takes none."""
        return self.access != SANDBOX_ACCESS

    async def refuses_key(self, clock: Clock) -> bool:
        """Whether it says that the key is no good."""
        return await self._asked(clock, lambda provider: provider.check_key()) is KeyStatus.REFUSED

    async def account(self, clock: Clock) -> "AccountAnswer":
        """What it says of the key and of the account; that it does not answer is said, too. Free."""

        async def both(provider: Provider) -> AccountAnswer:
            return AccountAnswer(await provider.check_key(), await provider.balance())

        try:
            return await self._asked(clock, both)
        except CertificateRefused as error:
            return AccountAnswer(KeyStatus.UNKNOWN, BalanceReply(BalanceStatus.UNANSWERED), str(error))

    async def balance(self, clock: Clock) -> Decimal | None:
        """The account's balance, where it is told."""
        return (await self._asked(clock, lambda provider: provider.balance())).usd

    async def _asked(self, clock: Clock, ask: Callable[[Provider], Awaitable[T]]) -> T:
        """One answer.

        Raises:
            CertificateRefused: whoever answers shows a certificate that is not accepted.
        """
        http = self.make_http()
        try:
            provider = self.make_provider(http, self.access, clock)
            answer = await ask(provider)
        finally:
            await http.close()
        if provider.distrust:
            raise CertificateRefused(provider.distrust)
        return answer


def real_endpoint(access: Credentials, allowed: tuple[Network, ...] = ()) -> Endpoint:
    """The service itself; its links may lead to public addresses and to the `allowed` networks."""
    return Endpoint(access, lambda: Http(loopback=access.is_loopback, allowed=allowed), account_limits=own_limits())


def sandbox_endpoint(project: ProjectPaths, clock: Clock, catalog: Catalog) -> Endpoint:
    """The imitated service in this very process, with these models, and a state of its own beside the ledger."""
    make_state_folder(project.folder, project.state)
    sandbox = Sandbox(
        state=project.folder / "service.jsonl",
        clock=clock,
        base_url=SANDBOX_ACCESS.base_url,
        files_url="http://localhost",
        options=SandboxOptions(),
        models=imitated_models(catalog),
        root=project.state,
    )
    return Endpoint(SANDBOX_ACCESS, lambda: Http(lambda: InProcessTransport(sandbox.answer), loopback=True))
