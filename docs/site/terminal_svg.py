"""A terminal as a picture: text with the styles that `click.style` writes, as SVG that needs nothing else."""

import re
from collections.abc import Iterator
from html import escape

# One character, in the picture's units.
_WIDTH, _HEIGHT = 8.4, 19.0
_MARGIN, _BAR = 20.0, 34.0
# Dark in a light page, too: a terminal is recognised by it. The colours have a contrast of 4.5 and more.
_GROUND, _TEXT = "#1b1f24", "#e6edf3"
_STYLES = {"1": 'font-weight="bold"', "2": 'fill="#9aa4af"', "31": 'fill="#ff8a80"', "32": 'fill="#7ee787"'}
_STYLES |= {"33": 'fill="#f2cc60"'}
# Blanks that stay as many as they are, in every program that shows pictures.
_BLANK = "\N{NO-BREAK SPACE}"
_STYLE = re.compile(r"\x1b\[(\d*)m")
_FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"
_DOTS = "".join(
    f'<circle cx="{_MARGIN + 4 + 18 * n}" cy="18" r="5.5" fill="{colour}"/>'
    for n, colour in enumerate(("#ff5f57", "#febc2e", "#28c840"))
)


def drawn(text: str, columns: int) -> str:
    """The picture. `columns` is the width of the terminal, in characters; longer lines are wrapped as it would."""
    lines = [line for written in text.rstrip("\n").split("\n") for line in _wrapped(list(_pieces(written)), columns)]
    width, height = round(2 * _MARGIN + columns * _WIDTH), round(_BAR + len(lines) * _HEIGHT + _MARGIN)
    rows = "\n".join(_row(line, _BAR + (number + 1) * _HEIGHT) for number, line in enumerate(lines) if line)
    said = escape(re.sub(_STYLE, "", text), quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">\n'
        f"<title>A terminal with batchrunner</title>\n<desc>{said}</desc>\n"
        f'<rect width="{width}" height="{height}" rx="8" fill="{_GROUND}"/>\n{_DOTS}\n'
        f'<g font-family="{_FONT}" font-size="14" fill="{_TEXT}">\n{rows}\n</g>\n</svg>\n'
    )


def _pieces(line: str) -> Iterator[tuple[str, str]]:
    """Texts of one style each: the style, and the text."""
    style = "1" if line.startswith("$ ") else ""
    for number, piece in enumerate(_STYLE.split(line)):
        if number % 2:
            style = piece.removeprefix("0")
        elif piece:
            yield style, piece


def _wrapped(pieces: list[tuple[str, str]], columns: int) -> Iterator[list[tuple[str, str]]]:
    """A line as lines of the terminal's width."""
    line: list[tuple[str, str]] = []
    left = columns
    for style, text in pieces:
        rest = text
        while len(rest) > left:
            yield [*line, (style, rest[:left])]
            line, rest, left = [], rest[left:], columns
        line.append((style, rest))
        left -= len(rest)
    yield line


def _row(line: list[tuple[str, str]], y: float) -> str:
    """The texts of a line, each at its column and as wide as its characters, whichever font there is."""
    drawn_pieces, column = [], 0
    for style, text in line:
        blanks = len(text) - len(text.lstrip(" "))
        shown = text.strip(" ")
        if shown:
            x, long = _MARGIN + (column + blanks) * _WIDTH, len(shown) * _WIDTH
            look = f" {_STYLES[style]}" if style else ""
            place = f'x="{x:.1f}" y="{y:.1f}" textLength="{long:.1f}" lengthAdjust="spacingAndGlyphs"'
            drawn_pieces.append(f"<text {place}{look}>{escape(shown).replace(' ', _BLANK)}</text>")
        column += len(text)
    return "".join(drawn_pieces)
