"""The providers by name: a further one is a folder beside `modellix`, and a line here."""

from collections.abc import Callable, Mapping

from batchrunner.io.clock import Clock
from batchrunner.io.http import Http
from batchrunner.providers.credentials import Credentials
from batchrunner.providers.modellix import Modellix
from batchrunner.providers.provider import Provider

MakeProvider = Callable[[Http, Credentials, Clock], Provider]

DEFAULT = "modellix"

PROVIDERS: Mapping[str, MakeProvider] = {
    DEFAULT: lambda http, access, clock: Modellix(http, access.base_url, access.key, clock),
}
