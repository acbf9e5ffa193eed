"""The snapshots: each is a file beside this one, and what the code gives today for it."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.promised import digests, files, ledger, manifests, options, outputs, receipts, words

HERE = Path(__file__).parent

_GIVEN: Mapping[str, Callable[[], object]] = {
    "digests.json": digests.digests,
    "environment.json": options.environment,
    "events.json": outputs.events,
    "exit_codes.json": words.exit_codes,
    "files.json": files.files,
    "ledger.json": ledger.ledger,
    "ledger.sql": ledger.schema,
    "manifest.json": manifests.manifest,
    "models.json": manifests.catalog,
    "options.json": options.commands,
    "plan.json": outputs.plan,
    "problem_codes.txt": words.problem_codes,
    "receipts.json": receipts.names,
    "receipts.jsonl": receipts.lines,
    "report.json": outputs.report,
    "sandbox.jsonl": words.sandbox_journal,
    "spelled_out.yaml": manifests.spelled_out,
    "validate.json": outputs.validate,
    "versions.json": outputs.versions,
    "words.json": words.words,
}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One file of promises; texts are kept as they are, anything else as JSON."""

    name: str

    @property
    def path(self) -> Path:
        return HERE / self.name

    @property
    def kept(self) -> str:
        """What was promised when a person last decided."""
        return self.path.read_text(encoding="utf-8") if self.path.exists() else ""

    def given(self) -> str:
        """What the code gives now."""
        value = _GIVEN[self.name]()
        return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False) + "\n"

    def difference(self, kept: str, given: str) -> str:
        """Which names went missing and which appeared; empty where the texts are equal."""
        before, now = self._names(kept), self._names(given)
        gone, new = [name for name in before if name not in now], [name for name in now if name not in before]
        listed = [*(f"- {name}" for name in gone), *(f"+ {name}" for name in new)]
        return "" if kept == given else "\n".join(listed or ["the same names in another order or form"])

    def _names(self, text: str) -> dict[str, None]:
        found = paths(json.loads(text)) if text and self.name.endswith(".json") else iter(text.splitlines())
        return dict.fromkeys(found)


def paths(value: object, path: str = "") -> Iterator[str]:
    """Each value with the way to it: `tables.clip.role: TEXT`; of a list the place does not count."""
    match value:
        case dict():
            for name, each in value.items():
                yield from paths(each, f"{path}.{name}".lstrip("."))
        case list():
            for each in value:
                yield from paths(each, f"{path}[]")
        case _:
            yield f"{path}: {value}"


SNAPSHOTS = tuple(map(Snapshot, _GIVEN))
