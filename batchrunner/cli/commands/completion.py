"""`batchrunner completion`."""

import click
from click.shell_completion import get_completion_class

from batchrunner.cli.group import group
from batchrunner.cli.terminal import hand_over

_SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS))
def command(shell: str) -> None:
    """Print what makes a shell complete commands, options, manifests and jobs.

    It also completes profiles and models. It reads the manifest that was typed, for a second at most, and asks nobody.

    bash: put it into ~/.local/share/bash-completion/completions/batchrunner. zsh: into a file _batchrunner in a folder
    of $fpath. fish: into ~/.config/fish/completions/batchrunner.fish.

    Example: batchrunner completion bash
    """
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"this release of click knows nothing of {shell}")
    hand_over(found(group, {}, "batchrunner", "_BATCHRUNNER_COMPLETE").source())
