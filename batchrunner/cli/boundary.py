"""The one place where errors become sentences and exit codes."""

import gc
import sys
import tempfile
import traceback
from pathlib import Path

import click

from batchrunner.cli.group import group
from batchrunner.errors import BatchrunnerError, Exit

# Manifests and ledgers are large trees without cycles: at Python's own pace they would be scanned over and over.
_NEW_OBJECTS = 100_000


def main() -> None:
    """The installed command."""
    gc.set_threshold(_NEW_OBJECTS, 50, 100)
    sys.exit(outcome(sys.argv[1:]))


def outcome(arguments: list[str]) -> int:
    """Runs one command; whatever happens is told, and becomes an exit code."""
    try:
        result = group.main(arguments, prog_name="batchrunner", standalone_mode=False)
    except BatchrunnerError as error:
        click.echo(f"batchrunner: {error}", err=True)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return Exit.USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted: nothing is lost, the same command goes on", err=True)
        return Exit.INTERRUPTED
    except BrokenPipeError:
        return Exit.DONE  # whoever read our output has seen enough
    except Exception:  # noqa: BLE001  # the boundary: anything else is our bug, and says so
        click.echo(f"batchrunner: this is our bug, not yours. Please report {_log_bug()}", err=True)
        return Exit.BUG
    return int(result or Exit.DONE)


def _log_bug() -> str:
    """Writes the traceback to a file of its own, and gives its path."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="batchrunner-bug-", suffix=".log", delete=False, encoding="utf-8"
    ) as file:
        traceback.print_exc(file=file)
    return str(Path(file.name))
