"""batchrunner: many image-to-video jobs in one manifest, each paid for once, each verified.

What is listed here is what programs may rely on; docs/library.md shows how. Each name is imported when it is used, so
that the command line pays for none of them.
"""

from importlib import import_module

__version__ = "0.1.0"

# where each name of the library is, and what it is called there
_HOMES = {
    "open_project": "app.project",
    "Project": "app.project",
    "Plan": "app.plan",
    "PlannedStep": "app.plan",
    "Run": "app.run",
    "RunLimits": "app.run_limits",
    "ProjectReport": "app.project_report",
    "Report": "reports.report",
    "ReportRow": "reports.report",
    "Credentials": "providers.credentials",
    "credentials_from_environment": "app.environment",
    "variables_from_environment": "app.environment",
    "Action": "domain.step",
    "HoldReason": "domain.step",
    "Status": "domain.status",
    "Cost": "domain.money",
    "Event": "domain.event",
    "EventKind": "domain.event",
    "Progress": "domain.event",
    "RunEvent": "domain.event",
    "Problem": "domain.problem",
    "ExitCode": "errors",
    "BatchrunnerError": "errors",
    "UsageError": "errors",
    "InvalidManifest": "errors",
    "NotConfirmed": "errors",
    "Unauthorized": "errors",
    "InsufficientBalance": "errors",
    "CertificateRefused": "errors",
    "LedgerError": "errors",
    "UntrustedLedger": "errors",
    "RunLocked": "errors",
}

__all__ = ["__version__", *_HOMES]  # noqa: PLE0604  # they are strings


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
