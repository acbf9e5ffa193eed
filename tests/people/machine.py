"""Everything people do to a project, in any order; what must hold is looked at after each of their doings."""

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from batchrunner.sandbox import Behaviour
from tests.engine.disks import Moment
from tests.people.desk import Command, MortalDisk
from tests.people.service import FAILING, LOSING, SERVICE, WISH
from tests.people.sheet import Line
from tests.people.world import remove
from tests.people.writers import AT, CLIPS, MOST_REPLACED, Writers

HOUR_S = 3600.0
NEVER = 10_000

DEATH = st.none() | st.integers(1, 12)


class People(Writers):
    """Those who run the manifests, decide, carry them to other machines, and sit down there one after the other."""

    # running

    @initialize(service=LOSING | FAILING)
    def begin(self, service: Behaviour) -> None:
        self.world.options = service
        self.world.work(*self.at(0), Command())

    @rule(at=AT, service=SERVICE, clips=CLIPS, word=st.sampled_from(["run", "run", "fetch"]))
    def run(self, at: int, service: Behaviour, clips: int | None, word: str) -> None:
        self.world.options = service
        self.world.work(*self.at(at), Command(word, clips=clips))

    @rule(at=AT, service=SERVICE, most=MOST_REPLACED, slip=st.booleans())
    def plan_and_run(self, at: int, service: Behaviour, most: str | None, slip: bool) -> None:  # noqa: FBT001
        """Somebody agrees to the plan that was shown; it is another one where a job came to it since."""
        self.world.options = service
        place, sheet = self.at(at)
        shown = place.digest(sheet)
        if slip:
            place.sheets[place.sheets.index(sheet)] = sheet = sheet.with_line(0, Line(sheet.lines[0].id, 99))
            place.save()
        self.world.work(place, sheet, Command(plan=shown, max_replace=most))

    @rule(at=AT, service=SERVICE, write=st.integers(1, 40), moment=st.sampled_from(Moment))
    def run_and_die_at_a_write(self, at: int, service: Behaviour, write: int, moment: Moment) -> None:
        self.world.options = service
        self.world.work(*self.at(at), Command(), MortalDisk(write, NEVER, moment))

    @rule(at=AT, service=SERVICE, request=st.integers(1, 20), moment=st.sampled_from(Moment))
    def run_and_die_at_a_request(self, at: int, service: Behaviour, request: int, moment: Moment) -> None:
        self.world.options = service
        self.world.work(*self.at(at), Command(), MortalDisk(NEVER, request, moment))

    @rule(at=AT, service=SERVICE, signals=st.integers(1, 2), after_s=st.sampled_from([0.05, 1.0, 20.0, 65.0]))
    def run_and_interrupt(self, at: int, service: Behaviour, signals: int, after_s: float) -> None:
        self.world.options = service
        self.world.work(*self.at(at), Command(signals=signals, after_s=after_s))

    @rule(at=AT, service=SERVICE, hours=st.sampled_from([-30, -1, 1, 30]), after_s=st.sampled_from([0.05, 30.0]))
    def run_while_somebody_sets_the_clock(self, at: int, service: Behaviour, hours: int, after_s: float) -> None:
        self.world.options = service
        self.world.work(*self.at(at), Command(jump_s=hours * HOUR_S, after_s=after_s))

    @rule(at=AT, service=SERVICE, dies_at=DEATH)
    def retry_what_failed(self, at: int, service: Behaviour, dies_at: int | None) -> None:
        self.world.options = service
        disk = None if dies_at is None else MortalDisk(dies_at, NEVER, Moment.AFTER)
        self.world.work(*self.at(at), Command("retry"), disk)

    @rule(at=AT, service=SERVICE, word=st.sampled_from(["retry", "redo"]), job=AT, dies_at=DEATH)
    def pay_again_on_purpose(self, at: int, service: Behaviour, word: str, job: int, dies_at: int | None) -> None:
        self.world.options = service
        place, sheet = self.at(at)
        names = [who.name for who in sheet.wants()]
        disk = None if dies_at is None else MortalDisk(dies_at, NEVER, Moment.AFTER)
        self.world.work(place, sheet, Command(word, frozenset({names[job % len(names)]})), disk)

    # deciding

    @rule(at=AT, job=AT, pay_again=st.booleans())
    def resolve(self, at: int, job: int, pay_again: bool) -> None:  # noqa: FBT001
        place, sheet = self.at(at)
        unknown = [each for each in place.known().unknown if each.want[0].manifest == sheet.manifest]
        if unknown:
            self.world.resolve(place, sheet, unknown[job % len(unknown)], pay_again=pay_again)

    @rule(at=AT, job=AT)
    def accept(self, at: int, job: int) -> None:
        place, sheet = self.at(at)
        wants = list(sheet.wants())
        self.world.accept(place, sheet, wants[job % len(wants)])

    @rule(at=AT, job=AT, number=st.integers(1, 3))
    def pick(self, at: int, job: int, number: int) -> None:
        place, sheet = self.at(at)
        wants = list(sheet.wants())
        self.world.pick(place, sheet, wants[job % len(wants)], f"v{number}")

    # on the disk

    @rule(at=AT, job=AT)
    def delete_a_file(self, at: int, job: int) -> None:
        place, sheet = self.at(at)
        names = [who.name for who in sheet.wants()]
        place.shelf.delete(place.output(sheet, names[job % len(names)]))

    @rule(at=AT, job=AT, number=WISH)
    def put_a_file_there(self, at: int, job: int, number: int) -> None:
        place, sheet = self.at(at)
        names = [who.name for who in sheet.wants()]
        place.shelf.put(place.output(sheet, names[job % len(names)]), b"my holiday %d" % number)

    # between machines

    @rule(at=AT, papers=st.booleans(), clips=st.booleans())
    def clone(self, at: int, papers: bool, clips: bool) -> None:  # noqa: FBT001
        place, _ = self.at(at)
        number = len(self.world.places)
        if number < 3:
            folder = self.world.root / f"p{number}"
            self.world.places.append(place.clone(folder, host=f"m{number}", papers=papers, clips=clips))

    @rule(at=AT, other=AT)
    def merge_receipts(self, at: int, other: int) -> None:
        theirs, _ = self.at(other)
        ours, _ = self.at(at)
        if ours is not theirs:
            ours.merge_receipts(theirs)

    @rule(at=AT, other=AT, service=SERVICE)
    def both_work_and_meet(self, at: int, other: int, service: Behaviour) -> None:
        """Two machines run, neither knowing what the other does; then each takes in what the other has told."""
        self.world.options = service
        theirs, their_sheet = self.at(other)
        self.world.work(theirs, their_sheet, Command())
        theirs.check(self.world.charges())
        ours, sheet = self.at(at)
        if ours is not theirs:
            self.world.work(ours, sheet, Command())
            theirs.merge_receipts(ours)
            ours.merge_receipts(theirs)
            theirs.check(self.world.charges())

    @rule(at=AT, service=SERVICE, word=st.sampled_from(["run", "retry", "fetch"]))
    def somebody_else_sits_down(self, at: int, service: Behaviour, word: str) -> None:
        self.world.options = service
        self.world.hand_over(*self.at(at), Command(word))

    @rule(at=AT)
    def lose_the_ledger(self, at: int) -> None:
        place, _ = self.at(at)
        remove(place.state)
        place.forget()

    # time and the service

    @rule(hours=st.sampled_from([1, 23, 25, 80]))
    def wait(self, hours: int) -> None:
        self.world.now_s += hours * HOUR_S

    @rule(at=AT, hours=st.sampled_from([-50, -2, 0, 2, 50]))
    def set_the_clock(self, at: int, hours: int) -> None:
        place, _ = self.at(at)
        place.skew_s = hours * HOUR_S

    @rule()
    def change_of_habit(self) -> None:
        self.is_eager = not self.is_eager
