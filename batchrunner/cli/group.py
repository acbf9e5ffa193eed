"""The list of commands. Each is imported when it is called, so that `--help` costs next to nothing."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from batchrunner import __version__

COMMANDS: Mapping[str, str] = {
    "demo": "Render a small batch with an imitated service: no key, no cost.",
    "init": "Write a starter manifest, and say what was guessed; never overwrites.",
    "validate": "Show every mistake in a manifest, each on its line.",
    "plan": "Show what `run` would do next with each job, why, and for how much.",
    "run": "Render what is missing; the same command continues where the last one stopped.",
    "fetch": "Check open tasks and download rendered clips: free.",
    "status": "Show what is known of each job; works during a run.",
    "retry": "Submit failed jobs again.",
    "redo": "Pay again for jobs that are done, expired or lost, on purpose.",
    "accept": "Keep the clips of jobs that were edited: nothing is paid for them.",
    "versions": "Show every clip that was ever paid for, and what was different each time.",
    "pick": "Put an older version of a clip back under its final name.",
    "resolve": "Say what became of submits whose outcome is unknown.",
    "report": "Report what happened, from the ledger alone: for spreadsheets, pages and programs.",
    "doctor": "Check key, balance, clock, disk and ledger, each with what helps.",
    "uploads": "List the images uploaded for this project, or delete them at the service.",
    "trust": "Trust a ledger that was made elsewhere, from now on, on this machine.",
    "models": "List the models with what a clip costs, its lengths and sizes, and how this is known.",
    "schema": "Print a schema, one self-contained file: for editors and for programs.",
    "completion": "Print what makes a shell complete commands, options, manifests and jobs.",
    "sandbox": "Serve an imitation of the service on a port of this machine.",
}

# What may follow a command: `models check` is the file `commands/models_check.py`.
SUBCOMMANDS: Mapping[str, Mapping[str, str]] = {
    "models": {
        "show": "Show all that is known of one model: fields, rules, prices, times.",
        "compare": "Price the same jobs for each model that can take them, with what would have to change.",
        "import": "Write a description of a model from its published schema; never overwrites.",
        "check": "Compare the models with the schemas that the service publishes.",
        "prices": "Print the prices of all models, or compare them with a list.",
    },
}

_HELP = ["-h", "--help"]


class LazyGroup(click.Group):
    """Commands by name, those that may follow `within`; the module of each is imported on demand.

    Where a word follows that is like none of them, it is an argument of the command `otherwise`.
    """

    def __init__(
        self, *args: Any, listed: Mapping[str, str], within: str = "", otherwise: str = "", **rest: Any
    ) -> None:
        super().__init__(*args, **rest)
        self._listed = listed
        self._otherwise = otherwise
        self._prefix = f"{within}_" if within else ""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order of the journey."""
        del ctx
        return list(self._listed)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        del ctx
        if cmd_name not in self._listed:
            return None
        command = import_module(f"batchrunner.cli.commands.{self._prefix}{cmd_name}").command
        if not isinstance(command, click.Command):
            raise TypeError(cmd_name)
        command.context_settings.setdefault("help_option_names", _HELP)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that was typed, or a usage error with the one that was probably meant."""
        if not ctx.resilient_parsing and args and not args[0].startswith("-") and args[0] not in self._listed:
            from batchrunner.domain.suggestions import nearest_name  # noqa: PLC0415  # only after a mistake

            near = nearest_name(args[0], self._listed)
            if self._otherwise and not near:
                return super().resolve_command(ctx, [self._otherwise, *args])
            meant = f" Did you mean `{near}`?" if near else f" `{ctx.command_path} -h` lists them."
            ctx.fail(f"No such command '{args[0]}'.{meant}")
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """The commands that begin so, and options; none of them is imported."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415  # no run waits for it

        found = ((name, about) for name, about in self._listed.items() if name.startswith(incomplete))
        options = click.Command.shell_complete(self, ctx, incomplete)
        return [*(CompletionItem(name, help=about) for name, about in found), *options]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list that `--help` shows, without importing what it lists."""
        del ctx
        if self._listed:
            with formatter.section("Commands"):
                formatter.write_dl(list(self._listed.items()))


def every_command() -> dict[str, str]:
    """Each command as it is typed, with what it does; those of a group come after it: `models`, `models check`."""
    found: dict[str, str] = {}
    for name, about in COMMANDS.items():
        found[name] = about
        found |= {f"{name} {each}": said for each, said in SUBCOMMANDS.get(name, {}).items()}
    return found


def command_of(words: str) -> click.Command:
    """The command that is typed with these words: `models check`.

    Raises:
        KeyError: there is none.
    """
    found: click.Command | None = group
    for word in words.split():
        found = found.get_command(click.Context(found), word) if isinstance(found, click.Group) else None
    if found is None:
        raise KeyError(words)
    return found


@click.group(cls=LazyGroup, listed=COMMANDS, context_settings={"help_option_names": _HELP})
@click.version_option(__version__, prog_name="batchrunner")
def group() -> None:
    """Many image-to-video jobs in one manifest: each clip paid for once, each verified.

    \b
    Start here:
      batchrunner demo                 see it work, without a key
      batchrunner validate shots.yaml  every mistake, on its line
      batchrunner plan shots.yaml      what would be paid
      batchrunner run shots.yaml       render it; run again to continue
    """  # noqa: D301  # click wants the character, not its escape: it keeps the lines as they are
