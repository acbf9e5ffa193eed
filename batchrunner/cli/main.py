"""The one place where errors become sentences and exit codes."""

import errno
import gc
import sys

import click

from batchrunner.cli.early_signals import Stopped, answer_signals, ignore_signals
from batchrunner.cli.group import group
from batchrunner.cli.terminal import let_go, say, say_lines
from batchrunner.domain.text import in_lines
from batchrunner.errors import BatchrunnerError, ExitCode

# Manifests and ledgers are large trees without cycles: at Python's own pace they would be scanned over and over.
_NEW_OBJECTS = 100_000
# A disk that takes nothing: full, over its quota, read-only, somebody else's.
_REFUSED = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}


def main() -> None:
    """Runs what was typed, and ends the process."""
    answer_signals()
    gc.set_threshold(_NEW_OBJECTS, 50, 100)
    code = outcome(sys.argv[1:])
    ignore_signals()
    let_go()
    sys.exit(code)


def outcome(arguments: list[str]) -> int:
    """Runs one command; whatever happens is told, and becomes an exit code."""
    try:
        result = group.main(arguments, prog_name="batchrunner", standalone_mode=False)
    except BatchrunnerError as error:
        first, *others = error.lines
        say_lines(in_lines(f"batchrunner: {first}", *others), err=True)
        return error.exit_code
    except click.ClickException as error:
        _tell_usage(error)
        return ExitCode.USAGE
    except (click.Abort, KeyboardInterrupt):
        say("interrupted; nothing is lost, run the same command to continue", err=True)
        return ExitCode.INTERRUPTED
    except SystemExit as end:
        return _tell_end(end)
    except Exception as error:  # noqa: BLE001  # the boundary: whatever else it is, it is told
        return _unexpected(error)
    return int(result or ExitCode.DONE)


def _tell_end(end: SystemExit) -> int:
    """A signal came; or whoever read our output has seen enough, which click ends so."""
    if not isinstance(end, Stopped):
        return ExitCode.DONE
    say(f"stopped by {end.name}; nothing is lost, run the same command to continue", err=True)
    return int(end.code or 0)


def _tell_usage(error: click.ClickException) -> None:
    """What click would show of a mistake in a command, with what was typed made visible."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        for line in (*context.get_usage().splitlines(), f"Try '{context.command_path} -h' for help.", ""):
            say(line, err=True)
    say(f"Error: {error.format_message()}", err=True)


def _unexpected(error: Exception) -> ExitCode:
    """A link in the way or a disk that refuses is told as such; anything else is our bug, and says so."""
    from batchrunner.io.dir_fd import Refused  # noqa: PLC0415  # `--help` does not wait for it

    if isinstance(error, Refused):
        say(f"batchrunner: {error}", err=True)
        return ExitCode.USAGE
    if isinstance(error, OSError) and error.errno in _REFUSED:
        where = error.filename or "a file"
        say(f"batchrunner: {where}: {error.strerror}: fix this and run again; nothing is lost", err=True)
        return ExitCode.WORK_LEFT
    say(f"batchrunner: this is a bug in batchrunner, not your mistake. Please report {_log_bug()}", err=True)
    return ExitCode.BUG


def _log_bug() -> str:
    """Writes the traceback to a file of its own, and gives its path."""
    import tempfile  # noqa: PLC0415  # only where there is a bug
    import traceback  # noqa: PLC0415  # as above

    with tempfile.NamedTemporaryFile(
        "w", prefix="batchrunner-bug-", suffix=".log", delete=False, encoding="utf-8"
    ) as file:
        traceback.print_exc(file=file)
    return file.name
