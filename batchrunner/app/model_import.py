"""A published schema becomes a description to begin with."""

from dataclasses import dataclass

from batchrunner.catalog.description_faults import TODO
from batchrunner.catalog.description_text import description_text
from batchrunner.catalog.published_document import API, SchemaFault, path_of
from batchrunner.catalog.published_schema import published_contract
from batchrunner.domain.text import utc
from batchrunner.errors import UsageError


@dataclass(frozen=True, slots=True)
class ImportedModel:
    """The text of a description, the model that it describes, and how much of it a person has to fill in."""

    slug: str
    text: str
    todos: int


def imported(data: bytes, slug: str, page: str, now_s: float) -> ImportedModel:
    """The description of a model from the bytes of its schema, which was found at a `page`.

    Where no `slug` is given, the schema has to say which model it is of.

    Raises:
        UsageError: it does not, or it cannot be read.
    """
    try:
        contract = published_contract(data)
    except SchemaFault as fault:
        raise UsageError(f"{page} cannot be read as a schema: {fault}. Nothing was written") from fault
    slug = slug or (path_of(f"{API}{contract.path}") or "").removesuffix("/async")
    if not slug:
        raise UsageError(f"{page} does not say which model it is of: its server has to be {API}PROVIDER/NAME")
    text = description_text(slug, contract, page, (utc(now_s) or "")[:10])
    return ImportedModel(slug, text, text.count(f': "{TODO}:'))
