"""What a shell offers while a command is typed: never the network, never for long, and nothing where anything is wrong.

What is offered comes from files that anybody may have written: only plain names are.
"""

import os
import re
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Never

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from batchrunner.manifest.load import Manifest

PATIENCE_S = 1.0
_MOST_BYTES = 1 << 20
_MOST_ENTRIES = 10_000
_MOST_OFFERED = 500
# Shells would take anything else apart, or expand it.
_PLAIN = re.compile(r"[\w.,:=/@+-]+")
_WORDS = ("tag:", "model:", "status:", "class:", "changed:")


class _TooLong(BaseException):
    """Whoever pressed the key does not wait any longer. Nothing on its way takes it for an error of its own."""


def complete_manifests(_: click.Context, __: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """The YAML files that begin so; where there are none, the shell's own files and folders."""
    from click.shell_completion import CompletionItem  # noqa: PLC0415  # no run waits for it

    folder, beginning = os.path.split(incomplete)
    found: list[str] = []
    with suppress(OSError), os.scandir(folder or ".") as entries:
        names = [entry.name for entry in islice(entries, _MOST_ENTRIES)]
        fitting = (name for name in names if name.startswith(beginning) and name.endswith((".yaml", ".yml")))
        found = sorted(os.path.join(folder, name) for name in fitting)  # noqa: PTH118  # as it was typed
    if found and all(map(_PLAIN.fullmatch, found)):
        return [CompletionItem(name) for name in found]
    return [CompletionItem(incomplete, type="file")]


def complete_jobs(context: click.Context, _: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """The jobs of the manifest that was typed before."""
    manifest = _manifest(context)
    return _offered((job.name for job in manifest.jobs) if manifest else (), incomplete)


def complete_selection(context: click.Context, parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """The same, and the words that choose otherwise."""
    return [*_offered(_WORDS, incomplete), *complete_jobs(context, parameter, incomplete)]


def complete_chosen_jobs(context: click.Context, parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """The jobs; and the words that choose otherwise, once one of them is begun."""
    return (complete_selection if incomplete else complete_jobs)(context, parameter, incomplete)


def complete_profiles(context: click.Context, _: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """The profiles of the manifest that was typed before."""
    manifest = _manifest(context)
    return _offered(manifest.profiles if manifest else (), incomplete)


def complete_models(_: click.Context, __: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """The models of the catalogue."""
    from batchrunner.catalog import shipped  # noqa: PLC0415  # as above

    return _offered(shipped().slugs, incomplete)


def _offered(names: Iterable[str], incomplete: str) -> "list[CompletionItem]":
    from click.shell_completion import CompletionItem  # noqa: PLC0415  # as above

    fitting = (name for name in dict.fromkeys(names) if name.startswith(incomplete) and _PLAIN.fullmatch(name))
    return [CompletionItem(name) for name in islice(fitting, _MOST_OFFERED)]


def _manifest(context: click.Context) -> "Manifest | None":
    """The manifest that was typed, under its profile; None where it cannot be read in time."""
    # behind an option that has no value yet, click leaves what was typed before it unparsed
    typed = context.params.get("manifest") or next(iter(context.args), None)
    if not isinstance(typed, str | Path):
        return None
    path = Path(typed)
    with within(PATIENCE_S), suppress(Exception):
        from batchrunner.cli.permission_options import permissions_of  # noqa: PLC0415  # as above
        from batchrunner.manifest.load import load  # noqa: PLC0415  # as above

        if path.stat().st_size <= _MOST_BYTES:
            profile = str(context.params.get("profile") or "")
            return load(path, profile, permissions=permissions_of(path), look_at_files=False)
    return None


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """What is inside ends after so many seconds, unfinished."""

    def stop(_: int, __: FrameType | None) -> Never:
        raise _TooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    except _TooLong:
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
