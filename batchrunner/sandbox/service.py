"""The imitated service as a whole: its hosts, its state file, its watch for leaked keys."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from batchrunner.io.clock import Clock
from batchrunner.io.files import Root
from batchrunner.sandbox.account import TeamAccount
from batchrunner.sandbox.api import Api
from batchrunner.sandbox.behaviour import Behaviour
from batchrunner.sandbox.downloads import Downloads
from batchrunner.sandbox.exchange import HttpAnswer, HttpRequest, host_of
from batchrunner.sandbox.faults import FaultInjector
from batchrunner.sandbox.imitated_model import ImitatedModel, ModelTable
from batchrunner.sandbox.journal import Journal
from batchrunner.sandbox.journal_events import Leaked, Opened
from batchrunner.sandbox.media import Media
from batchrunner.sandbox.media_files import Uploads
from batchrunner.sandbox.rates import RateWindow
from batchrunner.sandbox.renders import Renders
from batchrunner.sandbox.signed_links import Links

_FOREIGN_URL = "https://elsewhere.invalid"
_KEY_START = "mdlx-"


class Sandbox:
    """Modellix in one process: what it charges and what it was asked to do wrong is in its state file.

    Webhooks are not sent, images on foreign hosts are not fetched.

    Args:
        state: the journal, made where there is none; uploaded files lie beside it in `<name>.files`.
        clock: the service's own clock.
        base_url: the API's address, without a slash at its end.
        files_url: the address under which results and uploads are read; to a client a foreign host.
        options: limits, speed, faults.
        models: what is imitated beside Veo 3.1 and Veo 3.1 Fast, whose names nothing else takes.
        root: below it no link is followed; the state file's own folder where none is given.

    Raises:
        ValueError: the state file is damaged within.
    """

    def __init__(
        self,
        *,
        state: Path,
        clock: Clock,
        base_url: str,
        files_url: str,
        options: Behaviour,
        models: Iterable[ImitatedModel] = (),
        root: Root | None = None,
    ) -> None:
        self._clock = clock
        self._base_url = base_url
        root = root or Root(state.parent, is_private=True)
        self._journal = Journal(state, root)
        opened = Opened(clock.wall_s())
        events = [*self._journal.recover(), opened]
        self._journal.append(opened)

        openings = [event for event in events if isinstance(event, Opened)]
        faults = FaultInjector(options.seed, len(openings), options.faults)
        foreign_url = options.foreign_url or _FOREIGN_URL
        account = TeamAccount(self._journal, events, options)
        uploads = Uploads(root, state.with_name(state.name + ".files"), self._journal, files_url)
        uploads.replay(events)
        links = Links(
            files_url=files_url,
            foreign_url=foreign_url,
            secret=f"{options.seed}:{openings[0].at_s}".encode(),
            opening=len(openings),
            life_s=options.link_life_s,
            faults=faults,
        )
        table = ModelTable(models)
        renders = Renders(table, account, uploads, links, faults, options, base_url, foreign_url)
        media = Media(uploads, options.file_quota)
        self._api = Api(table, account, renders, media, RateWindow(options.rate_per_min), faults, options)
        self._downloads = Downloads(account, uploads, links, faults, options.hang_s)

    async def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """One exchange; it may take long.

        Args:
            method: in capitals.
            target: path?query.
            headers: names in lower case, with `host`.
            body: whole.

        Raises:
            ConnectionResetError: the connection is cut without an answer.
        """
        request = HttpRequest(method, target, headers, body)
        now_s = self._clock.wall_s()
        if request.host == host_of(self._base_url):
            return await self._api.answer(request, now_s)
        self._watch(request, now_s)
        return self._downloads.answer(request, now_s)

    def _watch(self, request: HttpRequest, now_s: float) -> None:
        """Journals a key that was sent to another host than the API's, wherever in the request it stands."""
        authorization = request.headers.get("authorization")
        said = [*request.headers.values(), request.target]
        leaked = next((text for text in said if _KEY_START in text), authorization)
        if leaked is not None:
            self._journal.append(Leaked(now_s, request.host, request.method, request.path, leaked[-4:]))
