"""`batchrunner models`."""

import json
from collections.abc import Mapping
from typing import Any

import click

from batchrunner.catalog import Model, shipped, shipped_prices
from batchrunner.cli.group import SUBCOMMANDS, LazyGroup
from batchrunner.cli.options import format_option
from batchrunner.cli.terminal import hand_over, say, say_lines
from batchrunner.domain.text import in_lines


@click.group(cls=LazyGroup, listed=SUBCOMMANDS["models"], within="models", invoke_without_command=True)
@format_option("table", "prices")
@click.pass_context
def command(context: click.Context, form: str) -> None:
    """List the models with their fields, rules and dated prices.

    With -o prices: the file that --prices reads, to be brought up to date.

    Example: batchrunner models
    """
    if context.invoked_subcommand is not None:
        return
    if form == "prices":
        hand_over(json.dumps(shipped_prices().as_json(), indent=2))
        return
    for model in shipped():
        say(click.style(model.slug, bold=True))
        say_lines(in_lines(*_price(model)))
        say_lines(in_lines(*_fields(model)))
        say_lines(in_lines(*(f"  rule    {rule.message}" for rule in model.rules)))
        say()


def _price(model: Model) -> list[str]:
    if model.price is None:
        return []
    per_second = ", ".join(f"{value} ${usd}" for value, usd in model.price.rates.items())
    return [f"  a second of video ({model.price.read_on.isoformat()}): {per_second}"]


def _fields(model: Model) -> list[str]:
    return [f"  field   {name}{_values(schema)}: {schema['description']}" for name, schema in model.fields.items()]


def _values(schema: Mapping[str, Any]) -> str:
    return f" ({', '.join(map(str, schema['enum']))})" if "enum" in schema else ""
