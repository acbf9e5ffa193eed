"""The providers by name: a further one is a folder beside `modellix`, and a line here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from batchrunner.io.clock import Clock
from batchrunner.io.http import Http
from batchrunner.providers.credentials import Credentials
from batchrunner.providers.modellix import Modellix, is_task_id, task_id_hints
from batchrunner.providers.provider import Provider

MakeProvider = Callable[[Http, Credentials, Clock], Provider]

DEFAULT = "modellix"


@dataclass(frozen=True, slots=True)
class TaskIds:
    """How the ids of a service's tasks look.

    `is_one` says whether a text can be one. `named_in` gives those that any reply names: they prove nothing, but a
    person may find one in the service's console.
    """

    is_one: Callable[[str], bool]
    named_in: Callable[[str], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class KnownProvider:
    """What there is of a provider: who makes one that is connected, and its task ids, for which nobody is asked."""

    make: MakeProvider
    task_ids: TaskIds


PROVIDERS: Mapping[str, KnownProvider] = {
    DEFAULT: KnownProvider(
        lambda http, access, clock: Modellix(http, access.base_url, access.key, clock),
        TaskIds(is_task_id, task_id_hints),
    ),
}
