"""The API host: who may ask, how often, and which address is answered by whom."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from batchrunner.sandbox.account import TeamAccount
from batchrunner.sandbox.behaviour import Behaviour
from batchrunner.sandbox.exchange import HttpAnswer, HttpRequest, json_answer, refused, success
from batchrunner.sandbox.fault_effects import UNAVAILABLE
from batchrunner.sandbox.faults import Fault, FaultInjector
from batchrunner.sandbox.imitated_model import ModelTable
from batchrunner.sandbox.media import Media
from batchrunner.sandbox.rates import RateWindow
from batchrunner.sandbox.renders import Renders

Handler = Callable[[], Awaitable[HttpAnswer]]

_VALIDATE = "/api/v1/apikey/validate"


@dataclass(frozen=True, slots=True)
class Api:
    """Answers all that is asked of the API host."""

    models: ModelTable
    account: TeamAccount
    renders: Renders
    media: Media
    rates: RateWindow
    faults: FaultInjector
    options: Behaviour

    async def answer(self, request: HttpRequest, now_s: float) -> HttpAnswer:
        """The answer, with the account's limits in its headers.

        Raises:
            ConnectionResetError: the connection is cut.
        """
        self.account.settle(now_s)
        is_admitted = self.rates.admit(now_s)
        limits = self.rates.headers(now_s)
        answer = await self._admitted(request, now_s) if is_admitted else _too_many()
        return replace(answer, headers={**limits, **answer.headers})

    async def _admitted(self, request: HttpRequest, now_s: float) -> HttpAnswer:
        if self.options.in_outage(now_s):
            return refused(503, UNAVAILABLE)
        handlers = self._handlers(request, now_s)
        handler = handlers.get(request.method)
        if not handlers:
            return refused(404, "NotFound: no such address or model")
        if handler is None:
            allowed = ", ".join(handlers)
            return refused(405, f"MethodNotAllowed: this address takes {allowed}", {"allow": allowed})
        if not self._may_ask(request):
            return refused(401, "Unauthorized: the API key is missing or invalid")
        if self.faults.happens(Fault.RATE_LIMITED):
            return _too_many()
        return await handler()

    def _may_ask(self, request: HttpRequest) -> bool:
        """Whether a good key is sent; an invalid one may still ask whether it is valid."""
        if request.key is None:
            return False
        return request.path == _VALIDATE or self.options.accepts(request.key)

    def _handlers(  # noqa: PLR0911 - one address, one line
        self, request: HttpRequest, now_s: float
    ) -> Mapping[str, Handler]:
        """Who answers an address, by method; nobody where there is no such address."""
        renders, media = self.renders, self.media
        key = request.key or ""
        match request.segments:
            case ("api", "v1", "tasks", task_id):
                return {"GET": partial(renders.poll, key, task_id, now_s)}
            case ("api", "v1", "tasks") if self.options.tells_ends:
                return {"GET": partial(renders.wait_for_ends, key, request.query, now_s)}
            case ("api", "v1", "media", "files"):
                return {
                    "POST": partial(media.upload, request, now_s),
                    "GET": partial(media.list, request, now_s),
                }
            case ("api", "v1", "media", "files", file_id):
                return {"DELETE": partial(media.delete, file_id, now_s)}
            case ("api", "v1", "apikey", "validate"):
                return {"GET": partial(self._validate, key)}
            case ("api", "v1", "team", "balance"):
                return {"GET": partial(self._balance, now_s)}
            case ("api", "v1", "models"):
                return {"GET": self._models}
            case ("api", "v1", *parts) if model := self.models.at(*parts):
                return {"POST": partial(renders.submit, model, request, now_s)}
            case _:
                return {}

    async def _validate(self, key: str) -> HttpAnswer:
        return success({"is_valid": self.options.accepts(key)})

    async def _balance(self, now_s: float) -> HttpAnswer:
        if not self.options.tells_balance:
            return refused(404, "NotFound: no such address or model")
        return success({"balance": float(self.account.balance_usd(now_s))})

    async def _models(self) -> HttpAnswer:
        """The one reply without an envelope. Source: modellix-cli 0.0.7."""
        models = [
            {
                "slug": model.slug,
                "type": "image-to-video",
                "docs_url": f"https://docs.modellix.ai/{model.slug}",
                "description": model.description,
            }
            for model in self.models
        ]
        return json_answer({"models": models})


def _too_many() -> HttpAnswer:
    return refused(429, "RateLimit: too many requests, wait for the reset", {"x-ratelimit-remaining": "0"})
