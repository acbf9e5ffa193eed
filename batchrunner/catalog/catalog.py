"""A catalogue: the models that a project may ask, and its requests read by what their fields are for."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from batchrunner.catalog.models import Model, by_slug
from batchrunner.catalog.roles import ROLE_WORDS, Role
from batchrunner.domain.attempt import LONGEST_RETENTION_S, RETENTION_S, USUAL_RETENTION, Retention
from batchrunner.domain.request import Request, canonical

_DAY_S = 86_400.0


class Catalog:
    """Models by slug: those that are shipped, and a project's own, which take the place of shipped ones.

    A request of a model that it does not know is read as those of the others.
    """

    def __init__(self, models: Iterable[Model]) -> None:
        self._models = by_slug(models)

    def __iter__(self) -> Iterator[Model]:
        return iter(self._models.values())

    def find(self, slug: str) -> Model | None:
        """The model of this name; None where there is none."""
        return self._models.get(slug)

    def with_own(self, models: Iterable[Model]) -> "Catalog":
        """This catalogue with somebody's own models; itself where there are none."""
        own = tuple(models)
        return Catalog((*self, *own)) if own else self

    @property
    def slugs(self) -> tuple[str, ...]:
        """All names, the default model's first."""
        return tuple(self._models)

    @property
    def default(self) -> Model:
        """The model that is taken where none is named."""
        return next(iter(self))

    @cached_property
    def field_names(self) -> frozenset[str]:
        """All that a manifest may write for a request: the fields of all models, and the words for their roles."""
        return frozenset(name for model in self for name in model.fields) | ROLE_WORDS.keys()

    @cached_property
    def list_fields(self) -> frozenset[str]:
        """What holds several values in some model, by the model's name for it and by the word for its role."""
        lists = {name for model in self for name in model.list_fields}
        roles = {role for model in self for role, name in model.roles.items() if name in model.list_fields}
        return frozenset(lists | {word for word, role in ROLE_WORDS.items() if role in roles})

    def request_of(self, slug: str, body: Mapping[str, object]) -> Request:
        """The canonical request of a body under today's rules; a model that we no longer know has no defaults."""
        model = self.find(slug)
        return canonical(slug, body, model.defaults if model else {})

    def path_of(self, slug: str) -> str:
        """Where a request to a model is posted, below the address of the service."""
        model = self.find(slug)
        return model.path if model else slug

    def value_of(self, request: Request, role: Role, fields: Mapping[str, object] | None = None) -> object:
        """What a request has for a role, or these `fields` of one; None where they have nothing."""
        fields = request.fields if fields is None else fields
        return next((fields[name] for name in self._fields_of(request.model, role) if name in fields), None)

    def prompt_of(self, request: Request) -> str:
        """Its prompt; empty where it has none."""
        return str(self.value_of(request, Role.PROMPT) or "")

    def latency_kind(self, request: Request) -> tuple[object, ...]:
        """Requests of one kind are rendered in about the same time."""
        model = self.find(request.model)
        names = model.timing.latency_by if model else self._sized_by
        values = (request.fields.get(name) for name in names)
        return request.model, *(len(each) if isinstance(each, list | tuple | dict) else each for each in values)

    def longest_wait_s(self, slug: str) -> float:
        """For how long a task of a model may wait after its submit before it is rendered, where anybody says so."""
        model = self.find(slug)
        return (model.timing.longest_wait_s or 0.0) if model else 0.0

    def retention(self, slug: str) -> Retention:
        """How long results of a model are kept; never shorter than those of any, since what is given up is lost."""
        model = self.find(slug)
        if model is None:
            return USUAL_RETENTION
        least, most = (days * _DAY_S for days in model.timing.retention_days)
        return Retention(max(least, RETENTION_S), max(most, LONGEST_RETENTION_S), self.longest_wait_s(slug))

    def picture_fields(self, slug: str) -> frozenset[str]:
        """The fields that take a picture, by a link or as a local file."""
        model = self.find(slug)
        return frozenset(model.pictures) if model else self._all_pictures

    def link_fields(self, slug: str) -> frozenset[str]:
        """The fields whose links the service follows: pictures, sounds, clips."""
        model = self.find(slug)
        return frozenset(model.links) if model else self._all_pictures

    def role_of(self, name: str) -> Role | None:
        """What a field is for, in the first model that has it in a role; None where it has none."""
        return next((role for model in self if (role := model.role(name))), None)

    @cached_property
    def _all_pictures(self) -> frozenset[str]:
        return frozenset(name for model in self for name in model.pictures)

    @cached_property
    def _sized_by(self) -> tuple[str, ...]:
        return (*self._fields_of("", Role.DURATION), *self._fields_of("", Role.RESOLUTION))

    def _fields_of(self, slug: str, role: Role) -> tuple[str, ...]:
        model = self.find(slug)
        found = (each.field(role) for each in ([model] if model else self))
        return tuple(dict.fromkeys(name for name in found if name))
