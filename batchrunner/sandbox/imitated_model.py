"""A model of the imitated service: what it refuses, what it charges, and how it replies."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from batchrunner.sandbox.body_rules import refusal
from batchrunner.sandbox.charges import MODELS, price_usd
from batchrunner.sandbox.reply_forms import DOCUMENTED, ReplyForm


@dataclass(frozen=True, slots=True)
class ImitatedModel:
    """One model, as the sandbox needs to know it.

    Attributes:
        path: where it takes submits, below `/api/v1/`, as the service writes it: with `/async` or without.
        refusal: the message of the 400 that a body gets, `<Category>: <detail>`; None where it is accepted.
        price_usd: the charge for one clip of an accepted body.
        image_fields: the fields whose links the service fetches; they may hold one link, or several at any depth.
        description: what the list of models says of it.
    """

    slug: str
    path: str
    refusal: Callable[[object], str | None]
    price_usd: Callable[[Mapping[str, object]], Decimal]
    image_fields: frozenset[str]
    description: str
    reply_form: ReplyForm = DOCUMENTED

    def links(self, body: Mapping[str, object]) -> Iterator[str]:
        """Every text in the fields of images, field by field in the order of their names."""
        for name in sorted(self.image_fields):
            yield from texts_in(body.get(name))


# Their rules and prices are written from the service's page and price list: a second opinion of them, whatever else
# is described under their names.
VEO_MODELS = tuple(
    ImitatedModel(
        slug=slug,
        path=f"{slug}/async",
        refusal=refusal,
        price_usd=partial(price_usd, slug),
        image_fields=frozenset({"image", "lastFrame", "referenceImages"}),
        description="Veo 3.1 image-to-video, imitated",
    )
    for slug in MODELS
)


class ModelTable:
    """The models of one sandbox: those that are built in, and further ones, of which none takes a built-in's place."""

    def __init__(self, further: Iterable[ImitatedModel] = ()) -> None:
        self._by_slug: dict[str, ImitatedModel] = {}
        self._by_parts: dict[tuple[str, ...], ImitatedModel] = {}
        for model in (*VEO_MODELS, *further):
            if self._by_slug.setdefault(model.slug, model) is model:
                self._by_parts.setdefault(tuple(model.path.split("/")), model)

    def __iter__(self) -> Iterator[ImitatedModel]:
        """The models, the built-in ones first."""
        return iter(self._by_slug.values())

    def at(self, *parts: str) -> ImitatedModel | None:
        """The model that takes submits at a path below `/api/v1/`, given part by part."""
        return self._by_parts.get(parts)

    def reply_form(self, slug: str) -> ReplyForm:
        """How a task of a model replies; one of a model that is not imitated any more does so as documented."""
        model = self._by_slug.get(slug)
        return model.reply_form if model else DOCUMENTED


def texts_in(value: object) -> Iterator[str]:
    """The texts in a value of JSON: itself, or those of its items and members."""
    match value:
        case str():
            yield value
        case list():
            for each in value:
                yield from texts_in(each)
        case dict():
            for each in value.values():
                yield from texts_in(each)
        case _:
            pass
