"""A folder with a model of one's own, which the sandbox imitates."""

import json
from pathlib import Path
from typing import Any

from batchrunner.app.imitated_models import imitated_models
from batchrunner.catalog import Catalog
from batchrunner.catalog.description import read_model
from batchrunner.sandbox import Behaviour
from tests.catalog.test_models import described
from tests.studio import Studio

OWN = "minimax/example-i2v"
JOB = """\
  - id: {id}
    prompt: She waves, variant {id}
    image: https://example.com/{id}.jpg
"""


def own_manifest(*ids: str, head: str = "") -> str:
    """A manifest whose jobs ask the model that `mine.yaml` describes."""
    jobs = "".join(JOB.format(id=each) for each in ids)
    return f"version: 1\nname: batch\nmodels: [mine.yaml]\nmodel: {OWN}\n{head}jobs:\n{jobs}"


def studio_with_own(folder: Path, *ids: str, options: Behaviour | None = None, **described_so: Any) -> Studio:
    """A studio with such a manifest. Its model is that of the page, but for this; of what is None nothing is said."""
    written = {key: value for key, value in (described() | described_so).items() if value is not None}
    written = json.loads(json.dumps(written, default=str))  # days as texts, as a manifest's reader has them
    (folder / "mine.yaml").write_text(json.dumps(written), encoding="utf-8")
    studio = Studio(folder, options or Behaviour(latency_s=60), models=imitated_models(Catalog([read_model(written)])))
    studio.write(own_manifest(*ids))
    return studio
