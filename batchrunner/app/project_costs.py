"""What the jobs of a project came to, from its ledger and its receipts alone: no manifest is needed, or read."""

from batchrunner.app.session import known_ledger
from batchrunner.domain.history import JobHistory
from batchrunner.domain.job import JobId
from batchrunner.errors import InvalidManifest
from batchrunner.manifest.load import Manifest
from batchrunner.planning.job_records import tags_of
from batchrunner.reports.cost_summary import CostSummary, SumKey, cost_summary
from batchrunner.storage.open import read_ledger
from batchrunner.storage.paths import ProjectPaths


def project_costs(
    project: ProjectPaths, by: SumKey, manifest: str | None = None, profile: str | None = None
) -> CostSummary:
    """The sums over every manifest of a project, or over one of them, under every profile or one.

    Tags are those with which a job was wanted by the newest run on this machine.
    """
    with known_ledger(project) as ledger:
        found = ledger.all_histories() if manifest is None else ledger.histories(manifest)
        histories = {who: history for who, history in found.items() if _is_meant(who, history, profile)}
        records = ledger.last_wanted(histories) if by is SumKey.TAG else {}
        damaged = ledger.damage
    tags = {who: tags_of(record) for who, record in records.items()}
    mine = [
        each
        for each in damaged
        if manifest is None or not each.jobs or {who.manifest for who in each.jobs} & {manifest}
    ]
    return cost_summary(histories, by, tags, len(mine))


def manifest_in_ledger(manifest: Manifest, project: ProjectPaths) -> str:
    """The name under which the jobs of a manifest are recorded; where it has errors just now, that of its last run.

    Raises:
        InvalidManifest: it has errors, and it never ran.
    """
    if not manifest.errors:
        return manifest.name
    with read_ledger(project.ledger) as ledger:
        name = ledger.manifest_at(project.written(project.manifest))
    if name is None:
        raise InvalidManifest(manifest.errors)
    return name


def _is_meant(who: JobId, history: JobHistory, profile: str | None) -> bool:
    return bool(history.attempts) and profile in {None, who.profile}
