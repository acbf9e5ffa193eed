"""The models of a catalogue as the sandbox imitates them: judged by their descriptions, charged by their prices."""

from collections.abc import Mapping
from decimal import Decimal
from functools import partial

from batchrunner.catalog import Catalog, Model, PriceList, price_list
from batchrunner.catalog.body_check import body_faults
from batchrunner.domain.problem import Severity
from batchrunner.manifest.image_links import is_link
from batchrunner.sandbox import ImitatedModel, texts_in


def imitated_models(catalog: Catalog) -> tuple[ImitatedModel, ...]:
    """What the sandbox has to know of each. Those that it has a reading of its own of, it goes on to read itself."""
    prices = price_list(catalog)
    return tuple(
        ImitatedModel(
            slug=model.slug,
            path=model.path,
            refusal=partial(_refusal, model, catalog.link_fields(model.slug)),
            price_usd=partial(_price_usd, model, prices),
            image_fields=catalog.link_fields(model.slug),
            description=f"{model.slug} as its description tells, imitated",
        )
        for model in catalog
    )


def _refusal(model: Model, links: frozenset[str], body: object) -> str | None:
    """The first fault of a body: of its shape, then of its links, then of its fields together."""
    fault = next(iter(body_faults(model, body)), None)
    if fault is None and isinstance(body, dict):
        fault = _link_fault(links, body) or _broken_rule(model, body)
    return f"InvalidParameter: {fault}" if fault else None


def _link_fault(links: frozenset[str], body: Mapping[str, object]) -> str | None:
    """That a link is none: the service cannot read a file of this machine."""
    wrong = (name for name in sorted(links) for text in texts_in(body.get(name)) if not is_link(text))
    return next((f"{name}: not a valid URL" for name in wrong), None)


def _broken_rule(model: Model, body: Mapping[str, object]) -> str | None:
    errors = (rule for rule in model.rules if rule.severity is Severity.ERROR)
    return next((rule.message for rule in errors if rule.breaks(body)), None)


def _price_usd(model: Model, prices: PriceList, body: Mapping[str, object]) -> Decimal:
    """The upper end of the estimate; what has no price costs nothing here."""
    return prices.cost(prices.catalog.request_of(model.slug, body)).high_usd
