from batchrunner.app.environment import credentials_from_environment as credentials_from_environment
from batchrunner.app.environment import variables_from_environment as variables_from_environment
from batchrunner.app.plan import Plan as Plan
from batchrunner.app.plan import PlannedStep as PlannedStep
from batchrunner.app.project import Project as Project
from batchrunner.app.project import open_project as open_project
from batchrunner.app.project_report import ProjectReport as ProjectReport
from batchrunner.app.run import Run as Run
from batchrunner.app.run_limits import RunLimits as RunLimits
from batchrunner.domain.event import Event as Event
from batchrunner.domain.event import EventKind as EventKind
from batchrunner.domain.event import Progress as Progress
from batchrunner.domain.event import RunEvent as RunEvent
from batchrunner.domain.money import Cost as Cost
from batchrunner.domain.problem import Problem as Problem
from batchrunner.domain.status import Status as Status
from batchrunner.domain.step import Action as Action
from batchrunner.domain.step import HoldReason as HoldReason
from batchrunner.errors import BatchrunnerError as BatchrunnerError
from batchrunner.errors import CertificateRefused as CertificateRefused
from batchrunner.errors import ExitCode as ExitCode
from batchrunner.errors import InsufficientBalance as InsufficientBalance
from batchrunner.errors import InvalidManifest as InvalidManifest
from batchrunner.errors import LedgerError as LedgerError
from batchrunner.errors import NotConfirmed as NotConfirmed
from batchrunner.errors import RunLocked as RunLocked
from batchrunner.errors import Unauthorized as Unauthorized
from batchrunner.errors import UntrustedLedger as UntrustedLedger
from batchrunner.errors import UsageError as UsageError
from batchrunner.providers.credentials import Credentials as Credentials
from batchrunner.reports.report import Report as Report
from batchrunner.reports.report import ReportRow as ReportRow

__all__ = [
    "Action",
    "BatchrunnerError",
    "CertificateRefused",
    "Cost",
    "Credentials",
    "Event",
    "EventKind",
    "ExitCode",
    "HoldReason",
    "InsufficientBalance",
    "InvalidManifest",
    "LedgerError",
    "NotConfirmed",
    "Plan",
    "PlannedStep",
    "Problem",
    "Progress",
    "Project",
    "ProjectReport",
    "Report",
    "ReportRow",
    "Run",
    "RunEvent",
    "RunLimits",
    "RunLocked",
    "Status",
    "Unauthorized",
    "UntrustedLedger",
    "UsageError",
    "__version__",
    "credentials_from_environment",
    "open_project",
    "variables_from_environment",
]
__version__: str
