"""A whole run of a provider of thirty lines: what the interface tells is enough, and nobody asks for another."""

from collections.abc import Mapping
from pathlib import Path

from batchrunner.app.endpoint import Endpoint
from batchrunner.domain.status import Status
from batchrunner.io.http import Answered, Http, InProcessTransport
from batchrunner.io.resources import read_bytes
from batchrunner.providers.credentials import Credentials
from tests.io.in_process import answered
from tests.moved_time import MovedClock
from tests.providers.contract.providers import Dummy, World
from tests.studio import KEY, Studio, manifest_text


async def serve_clip(_method: str, _target: str, _headers: Mapping[str, str], _body: bytes) -> Answered:
    return answered(read_bytes("sandbox/clip.mp4"))


class DummyStudio(Studio):
    def endpoint(self, clock: MovedClock) -> Endpoint:
        http = lambda: Http(lambda: InProcessTransport(serve_clip), loopback=False)  # noqa: E731
        return Endpoint(Credentials(self.api, KEY), http, lambda _http, _access, _clock: Dummy(World(slots=2), clock))


def test_a_batch_is_rendered_by_a_provider_that_the_program_has_never_heard_of(tmp_path: Path) -> None:
    studio = DummyStudio(tmp_path)
    studio.write(manifest_text("one", "two", "three", "four", "five"))
    studio.run()
    assert studio.statuses() == dict.fromkeys(("one", "two", "three", "four", "five"), Status.DONE)
