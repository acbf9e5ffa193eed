"""The models that come with a release, read from `data/PROVIDER/NAME.yaml`: a further one is a file there."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml

from batchrunner.catalog.catalog import Catalog
from batchrunner.catalog.description import read_model, resolved, whole
from batchrunner.io.resources import package_files, read_package_text

# The model that is listed first, judges what names no model, and stands in new manifests.
DEFAULT_MODEL = "google/veo-3.1-i2v"
_FOLDER = "catalog/data"


@cache
def shipped() -> Catalog:
    """All models of this release: the default one first, then by name. The files are read at the first call."""
    written = descriptions()
    slugs = sorted(written, key=lambda slug: (slug != DEFAULT_MODEL, slug))
    return Catalog(read_model(written[slug]) for slug in slugs)


@cache
def descriptions() -> Mapping[str, Mapping[str, Any]]:
    """What the files say, by slug: each whole, with its body in it."""
    said = {each["slug"]: each for path in package_files(_FOLDER, ".yaml") if (each := _parsed(path))}
    return {slug: resolved(whole(each, said.get(each.get("like", "")))) for slug, each in said.items()}


def _parsed(path: str) -> Mapping[str, Any]:
    """The files are ours. The parser in C is there nearly everywhere, and ten times as fast."""
    loader = yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader
    found: Mapping[str, Any] = yaml.load(read_package_text(path), Loader=loader)  # noqa: S506  # both are safe ones
    return found
