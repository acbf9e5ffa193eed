"""The installed command: signals are answered before the long imports begin."""

from batchrunner.cli.early_signals import leave_on_signals


def main() -> None:
    """Runs what was typed, and ends the process."""
    leave_on_signals()
    from batchrunner.cli.main import main as run  # noqa: PLC0415  # half a second of imports: signals come first

    run()
