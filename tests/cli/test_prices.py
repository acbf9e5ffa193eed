"""Prices of one's own: a file that holds none is refused with a sentence, before anything is planned."""

from pathlib import Path

import pytest

from batchrunner.cli.main import outcome
from batchrunner.errors import ExitCode
from tests.studio import manifest_text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "line 1 is not JSON"),
        ("[]", "it needs `priced_on` (a date) and `prices`"),
        ('{"priced_on": "2026-11-01"}', "it needs `priced_on` (a date) and `prices`"),
        ('{"priced_on": "today", "usd_per_second": {}}', "Invalid isoformat string"),
        ('{"priced_on": "2026-11-01", "usd_per_second": {"m": {"720p": -1}}}', "m 720p: -1 is not a price"),
        ('{"priced_on": "2026-11-01", "usd_per_second": {"m": {"720p": "much"}}}', "m 720p: 'much' is not a price"),
    ],
)
def test_prices_that_are_none_are_refused_with_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    manifest, prices = tmp_path / "batch.yaml", tmp_path / "prices.json"
    manifest.write_text(manifest_text("a"), encoding="utf-8")
    prices.write_text(text, encoding="utf-8")
    assert outcome(["plan", str(manifest), "--prices", str(prices)]) == ExitCode.USAGE
    said = capsys.readouterr().err
    assert f"cannot use the prices in {prices}" in said
    assert words in said
