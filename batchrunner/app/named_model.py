"""A model by the name that somebody typed."""

from batchrunner.catalog import Catalog, Model
from batchrunner.domain.suggestions import nearest_name
from batchrunner.errors import UsageError


def named_model(catalog: Catalog, slug: str) -> Model:
    """The model of this name.

    Raises:
        UsageError: there is none; it names the nearest, or all.
    """
    found = catalog.find(slug)
    if found is None:
        near = nearest_name(slug, catalog.slugs)
        hint = f"did you mean {near}?" if near else f"there are: {', '.join(catalog.slugs)}"
        raise UsageError(f"there is no model {slug}: {hint}")
    return found
