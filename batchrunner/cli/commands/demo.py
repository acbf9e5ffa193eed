"""`batchrunner demo`."""

import shlex
from contextlib import suppress
from pathlib import Path

import click

from batchrunner.app.job_set import wanted_of
from batchrunner.cli.context import valid_manifest
from batchrunner.cli.invocation import Invocation
from batchrunner.cli.terminal import say
from batchrunner.cli.work import work
from batchrunner.io.resources import read_text
from batchrunner.io.roots import named_by_a_person


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path("batchrunner-demo"))
def command(folder: Path) -> int:
    """Render a small batch with an imitated service: no key, no cost.

    Writes a manifest into a new folder and runs it, down to verified mp4 files.

    Example: batchrunner demo
    """
    manifest = folder / "demo.yaml"
    root, whole = named_by_a_person(manifest)
    with suppress(FileExistsError):
        root.write_new(whole, read_text("jobs-examples/01-first.yaml").encode())
        say(f"wrote {manifest}", err=True)
    read = valid_manifest(manifest)
    typed = Invocation.of(manifest, "demo", yes=True, sandbox=True)
    code = work(typed, wanted_of(read), read.settings)
    say(f"the clips are in {folder / 'sandbox-run'}; nothing was paid: the service was an imitation")
    named = shlex.quote(str(manifest))
    say("next:")
    for words, about in (
        (f"batchrunner status {named} --sandbox", "how each clip stands"),
        (f"batchrunner plan {named} --sandbox", "what a run would do next: edit a prompt in it first"),
        ("batchrunner init", "a manifest of your own"),
    ):
        say(f"  `{words}`: {about}")
    return code
