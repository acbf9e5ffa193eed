"""`batchrunner models prices`."""

from collections.abc import Iterator
from pathlib import Path

import click

from batchrunner.app.published_pages import read_kept
from batchrunner.catalog import Catalog, Model, PriceList, price_list, read_prices, shipped
from batchrunner.catalog.price_drift import PriceDifference, price_differences
from batchrunner.cli.options import option
from batchrunner.cli.terminal import hand_over, say_lines
from batchrunner.domain.text import Lines, in_lines, json_text, plural, stacked
from batchrunner.errors import ExitCode, UsageError
from batchrunner.reports.layout import table


@click.command()
@option("--check", is_flag=True, help="Compare with a published list, row by row.")
@click.option(
    "--offline-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The list to compare with, written as --prices reads it.",
)
def command(*, check: bool, offline_file: Path | None) -> int:
    """Print the prices of all models, or compare them with a list.

    The service publishes no prices that a program can read, so nobody is asked: without a file, --check says for each
    model where a person has to look. Ends with 1 where a price differs.

    Example: batchrunner models prices --check --offline-file prices.json
    """
    catalog = shipped()
    if not check:
        hand_over(json_text(price_list(catalog).as_json(), indent=2))
        return ExitCode.DONE
    listed = None if offline_file is None else _listed(offline_file, catalog)
    found = {model.slug: _compared(model, listed) for model in catalog}
    say_lines(stacked(*(lines for model in catalog for lines in _told(model, found[model.slug]))))
    if any(found.values()):
        return ExitCode.FAILED
    return ExitCode.PERSON_NEEDED if None in found.values() else ExitCode.DONE


def _listed(file: Path, catalog: Catalog) -> PriceList:
    try:
        return read_prices(read_kept(file).decode("utf-8-sig"), catalog)
    except ValueError as error:
        raise UsageError(f"cannot use the prices in {file}: {error}") from error


def _compared(model: Model, listed: PriceList | None) -> list[PriceDifference] | None:
    """Where the prices differ; None where there is nothing to compare."""
    price = listed.prices.get(model.slug) if listed else None
    return price_differences(model.price, price) if price and model.price else None


def _told(model: Model, found: list[PriceDifference] | None) -> Iterator[Lines]:
    if found:
        yield in_lines(f"{model.slug}: differs in {plural(len(found), 'row')}")
        yield table(("row", "here", "listed"), [(each.at, each.here or "-", each.listed or "-") for each in found])
    elif found is not None:
        yield in_lines(f"{model.slug}: as listed")
    else:
        where = model.price.source if model.price else model.source.page
        said = f"the service publishes no price that a program can read for {model.slug}; look at {where}"
        yield in_lines(f"{model.slug}: not compared: {said}")
