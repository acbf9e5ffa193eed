"""Whether the contracts of models are still those that the service publishes: compared, and remembered."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote

from batchrunner.catalog import Model
from batchrunner.catalog.contract import Point, contract_of
from batchrunner.catalog.contract_drift import Difference, differences
from batchrunner.catalog.published_document import SchemaFault
from batchrunner.catalog.published_schema import published_contract
from batchrunner.domain.text import utc
from batchrunner.storage.contract_memory import SeenContract, remember_contract, seen_contract

# What was published of a model: the bytes of its document, or why there are none.
Published = Mapping[str, bytes | str]


@dataclass(frozen=True, slots=True)
class CheckedModel:
    """How a model's contract compares with the published one; `failure` says why it could not be compared.

    `points` are what is odd in the published one, and compared with nothing.
    """

    slug: str
    differences: tuple[Difference, ...] = ()
    points: tuple[Point, ...] = ()
    published: str = ""
    failure: str = ""

    @property
    def drift(self) -> tuple[Difference, ...]:
        """What has to be looked at before somebody pays."""
        return tuple(each for each in self.differences if each.is_drift)


def check_model(model: Model, published: bytes | str, now_s: float) -> CheckedModel:
    """Compares a model's description with what was published, and remembers what came of it for this person's runs.

    Raises:
        UsageError: what is remembered of it cannot be read.
        OSError: it cannot be written.
    """
    if isinstance(published, str):
        return CheckedModel(model.slug, failure=published)
    try:
        theirs = published_contract(published)
    except SchemaFault as fault:
        return CheckedModel(model.slug, failure=f"what is published cannot be read: {fault}")
    ours = contract_of(model)
    found = CheckedModel(model.slug, tuple(differences(ours, theirs)), theirs.points, theirs.digest)
    seen = SeenContract(
        checked_at=utc(now_s) or "",
        published=theirs.digest,
        here=ours.digest,
        drifted=tuple(dict.fromkeys(each.at for each in found.drift)),
    )
    known = seen_contract(model.slug)
    remember_contract(model.slug, replace(seen, accepted=known.accepted, paid=known.paid))
    return found


def why_refused(model: Model, manifest: Path) -> str:
    """Why nothing is paid of a model before its contract was looked at; empty where nothing is known against it.

    Raises:
        UsageError: what is remembered of it cannot be read.
    """
    seen, ours = seen_contract(model.slug), contract_of(model).digest
    if seen.drifted and seen.accepted != seen.published:
        where = f"it differs in {', '.join(seen.drifted)}"
        said = f"the contract of {model.slug} is not the published one any more (checked {seen.checked_at}): {where}"
    elif seen.paid and ours not in (*seen.paid, seen.here):
        said = f"{model.slug} is described otherwise here than for your last paid clip of it"
    else:
        return ""
    typed = check_command([model], manifest)
    return f"{said}. Look at it with `{typed}`; to render all the same, pass --accept-drift. Nothing was submitted"


def check_command(models: Iterable[Model], manifest: Path) -> str:
    """What is typed to look at the contracts of these models, some of which the manifest may describe."""
    models = list(models)
    own = f" --manifest {quote(str(manifest))}" if any(model.source.file for model in models) else ""
    return f"batchrunner models check {' '.join(model.slug for model in models)}{own}"


def remember_paid(model: Model, *, accept_drift: bool) -> None:
    """From now on this person renders with the contract that is described, and accepts the published one if asked to.

    Where that cannot be written, somebody is asked once more: nothing else is lost.
    """
    with suppress(OSError):
        seen, ours = seen_contract(model.slug), contract_of(model).digest
        accepted = seen.published if accept_drift else seen.accepted
        paid = (*(each for each in seen.paid if each != ours), ours)
        if (seen.paid, seen.accepted) != (paid, accepted):
            remember_contract(model.slug, replace(seen, paid=paid, accepted=accepted))
