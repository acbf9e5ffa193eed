"""`batchrunner models`."""

import json

import click

from batchrunner.catalog import Model, models, shipped_prices
from batchrunner.cli.options import format_option
from batchrunner.cli.terminal import hand_over, say, say_lines
from batchrunner.domain.text import in_lines


@click.command()
@format_option("table", "prices")
def command(form: str) -> None:
    """List the models with their fields, rules and dated prices.

    With -o prices: the file that --prices reads, to be brought up to date.

    Example: batchrunner models
    """
    prices = shipped_prices()
    if form == "prices":
        hand_over(json.dumps(prices.as_json(), indent=2))
        return
    for model in models().values():
        say(click.style(model.slug, bold=True))
        per_second = ", ".join(f"{name} ${usd}" for name, usd in prices.usd_per_second[model.slug].items())
        say(f"  a second of video ({prices.priced_on.isoformat()}): {per_second}")
        say_lines(in_lines(*_fields(model)))
        say_lines(in_lines(*(f"  rule    {rule.message}" for rule in model.rules)))
        say()


def _fields(model: Model) -> list[str]:
    return [f"  field   {name}{_values(schema)}: {schema['description']}" for name, schema in model.fields.items()]


def _values(schema: dict[str, list[str]]) -> str:
    return f" ({', '.join(schema['enum'])})" if "enum" in schema else ""
