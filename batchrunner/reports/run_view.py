"""How far a run is, for people: a view of several lines that fits a terminal, or one plain line."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from batchrunner.domain.event import Progress
from batchrunner.domain.money import dollars
from batchrunner.domain.observation import ErrorClass
from batchrunner.domain.status import Status, counts_in_words
from batchrunner.domain.text import columns, duration, local_time, visible

_SEPARATOR = " · "
_BETWEEN = "  "
# Narrower than this nothing is of use; a terminal that says so does not know its width.
_LEAST_WIDTH = 20
_MOST_OF_BAR = 100
_MOST_FINISHED = 3
_DAY_S = 24 * 3600.0

_KINDS: Mapping[ErrorClass, str] = {
    ErrorClass.INVALID: "refused as invalid",
    ErrorClass.AUTH: "API key refused",
    ErrorClass.BALANCE: "balance used up",
    ErrorClass.MODERATION: "blocked by moderation",
    ErrorClass.PROVIDER: "failed at the service",
    ErrorClass.TIMEOUT: "timed out",
    ErrorClass.EXPIRED: "expired",
    ErrorClass.LOCAL: "failed on this machine",
}


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a line in one style: empty, or `green`, `yellow`, `red`, `cyan`, `bold`, `dim`."""

    text: str
    style: str = ""


ViewLine = tuple[Span, ...]

# Of each status its mark in the bar, the same where the terminal knows ASCII only, and its style.
_MARKS: Mapping[Status, tuple[str, str, str]] = {
    Status.DONE: ("█", "#", "green"),
    Status.RENDERED: ("▓", "=", "cyan"),
    Status.RUNNING: ("▒", "-", "yellow"),
    Status.UNKNOWN: ("?", "?", "red"),
    Status.FAILED: ("!", "!", "red"),
    Status.EXPIRED: ("!", "!", "red"),
    Status.PENDING: ("░", ".", "dim"),
}
MARKS = "".join(mark for mark, _, _ in _MARKS.values())


def view_lines(
    progress: Progress, finished: Sequence[tuple[str, str]], width: int, now_s: float, *, ascii_only: bool = False
) -> list[ViewLine]:
    """The lines of the view, what matters most first, each of at most `width` columns.

    `finished` are the clips that came last, newest first: jobs and paths. Money is never cut: what does not fit beside
    it goes onto the next line. `now_s` is the time in Unix seconds.
    """
    width = max(width, _LEAST_WIDTH)
    lines = [
        _bar(progress.counts, width, ascii_only=ascii_only),
        *_flowed(_figures(progress, now_s), width),
        *_flowed(_counted(progress.counts), width),
    ]
    if progress.waits_for:
        lines.append(_waiting(progress, width))
    if progress.failures:
        lines += _flowed(_kinds(progress.failures), width)
    lines += [_finished(job, path, width) for job, path in finished[:_MOST_FINISHED]]
    return lines


def plain_line(progress: Progress, now_s: float) -> str:
    """The same on one line of whatever length, for logs and pipes: `12 done, 2 running · $36.06 in this run · …`."""
    waits = f"{progress.waits_for} ({duration(progress.waits_s)} so far)" if progress.waits_for else ""
    figures = (span.text for span in _figures(progress, now_s))
    kinds = ", ".join(span.text for span in _kinds(progress.failures))
    parts = [counts_in_words(progress.counts), waits, *figures, kinds]
    return visible(_SEPARATOR.join(part for part in parts if part))


def _bar(counts: Mapping[Status, int], width: int, *, ascii_only: bool) -> ViewLine:
    """`[███▒▒░░░░░] 41 of 100`: a mark for a share of the jobs, and at least one for each status that there is."""
    total, done = sum(counts.values()), counts.get(Status.DONE, 0)
    label = f" {done:,} of {total:,}"
    room = min(width - columns(label) - 2, _MOST_OF_BAR)
    if room < len(_MARKS) or not total:
        return (Span(label.strip(), "bold"),)
    shares = _shares([counts.get(status, 0) for status in _MARKS], room)
    marks = ((mark, plain, style, share) for (mark, plain, style), share in zip(_MARKS.values(), shares, strict=True))
    spans = (Span((plain if ascii_only else mark) * share, style) for mark, plain, style, share in marks if share)
    return (Span("["), *spans, Span("]"), Span(label, "bold"))


def _shares(numbers: Sequence[int], room: int) -> list[int]:
    """So many columns as whole shares: the largest remainders get what is left, nothing that is there gets none."""
    total = sum(numbers)
    exact = [number * room / total for number in numbers]
    shares = [max(int(each), 1) if number else 0 for each, number in zip(exact, numbers, strict=True)]
    while sum(shares) < room:
        shares[max(range(len(shares)), key=lambda at: exact[at] - shares[at])] += 1
    while sum(shares) > room:
        shares[max(range(len(shares)), key=lambda at: shares[at] - exact[at] if shares[at] > 1 else -inf)] -= 1
    return shares


def _figures(progress: Progress, now_s: float) -> Iterator[Span]:
    """Money, slots, time."""
    limit = "" if progress.limit_usd is None else f" of {dollars(progress.limit_usd)}"
    yield Span(f"{dollars(progress.spent_usd)}{limit} in this run", "bold")
    if progress.slots_known:
        yield Span(f"{progress.slots_used} of {progress.slots_known} slots")
    yield Span(f"{duration(progress.elapsed_s)} so far")
    if progress.left_s is not None:
        end = local_time(now_s + progress.left_s, with_day=progress.left_s >= _DAY_S)
        yield Span(f"ends about {end}, in {duration(progress.left_s)}")
    elif not progress.waits_for:
        yield Span("end not known yet")


def _counted(counts: Mapping[Status, int]) -> Iterator[Span]:
    for status, (_, _, style) in _MARKS.items():
        if counts.get(status):
            yield Span(f"{counts[status]:,} {status.words}", style)


def _kinds(failures: Mapping[ErrorClass, int]) -> Iterator[Span]:
    for kind, words in _KINDS.items():
        if failures.get(kind):
            yield Span(f"{failures[kind]:,} {words}", "red")


def _waiting(progress: Progress, width: int) -> ViewLine:
    """What is waited for, cut where that is needed, and for how long, which is not."""
    how_long = f" ({duration(progress.waits_s)} so far)"
    return (Span(_cut(visible(progress.waits_for), width - columns(how_long)) + how_long, "yellow"),)


def _finished(job: str, path: str, width: int) -> ViewLine:
    """A clip that came; of a long path its end is shown."""
    name = _cut(visible(job), width - len("done") - len(_BETWEEN))
    room = width - len("done") - 2 * len(_BETWEEN) - columns(name)
    spans = (Span("done", "green"), Span(_BETWEEN + name))
    return spans if room < _LEAST_WIDTH else (*spans, Span(_BETWEEN + _cut_front(visible(path), room), "dim"))


def _flowed(parts: Iterable[Span], width: int) -> list[ViewLine]:
    """Parts with separators, on as many lines as they need; one that is wider than a line is parted at its blanks."""
    lines: list[list[Span]] = []
    room = 0
    for part in parts:
        needed = columns(part.text)
        if lines and len(_SEPARATOR) + needed <= room:
            lines[-1] += [Span(_SEPARATOR, "dim"), part]
            room -= len(_SEPARATOR) + needed
        else:
            pieces = [part] if needed <= width else [Span(text, part.style) for text in _parted(part.text, width)]
            lines += [[piece] for piece in pieces]
            room = width - columns(pieces[-1].text)
    return [tuple(line) for line in lines]


def _parted(text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        if lines[-1] and columns(lines[-1]) + 1 + columns(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _cut(text: str, room: int) -> str:
    """The beginning of a text, as far as there is room."""
    if columns(text) <= room:
        return text
    kept = text[: max(room - 1, 0)]
    while columns(kept) > room - 1 and kept:
        kept = kept[:-1]
    return f"{kept}…"


def _cut_front(text: str, room: int) -> str:
    """The end of a text, as far as there is room."""
    return text if columns(text) <= room else _cut(text[::-1], room)[::-1]
