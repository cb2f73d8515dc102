"""A simulation of the scheduler over many machines: how long it takes, and how much of that is work.

It does what `smile.util.workers` does: whoever is free takes the next task; a task whose machine fails is
done again from its beginning; nothing is done twice at the same time. A few machines are slow, all fail now
and then, and one driver sends every recording, or only what pools need where the others lie in a store.
`smile bench costs` has measured what a task costs; the rest are assumptions, each a field of `Plan`. The same
seed gives the same figures.

    smile bench scale --seed 0
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random

from smile.bench.report import markdown_table

MACHINES = (1, 10, 100, 1000)


@dataclass(frozen=True)
class UnitCosts:
    """Core seconds for an hour of speech, and bytes.

    Measured by `smile bench costs` on Mboshi; see docs/scale.md for date, commit and machine.
    """

    index: float = 185.0
    datastore: float = 398.0
    heads: float = 2109.0  # layer states and three heads
    transcription: float = 1110.0  # level combined
    audio: float = 115.2e6  # bytes of an hour of 16 bits at 16 kHz
    states: float = 1.02e9  # bytes of the layer states of an hour, which travel with each head


@dataclass(frozen=True)
class Plan:
    """What is to be done, and by what; every field but the unit costs is an assumption."""

    languages: int = 1000
    hours: float = 10.0  # of each language that are transcribed
    pool_hours: float = 1 / 6  # of each language that are labelled
    recording: float = 1 / 6  # hours of a recording, which is a task
    machines: int = 100
    cores: int = 16  # workers of a machine
    start: float = 10.0  # seconds until a worker has loaded its models
    slow: float = 0.05  # share of machines that are slow
    slowness: float = 2.0  # times as long as they take
    between_failures: float = 100.0  # hours between two failures of a machine, on average
    repair: float = 300.0  # seconds until there is another in its place
    link: float = 125e6  # bytes a second that the driver sends
    by_url: bool = False  # whether workers fetch what they transcribe from a store, in no time
    price: float = 0.04  # dollars an hour of a core
    costs: UnitCosts = field(default_factory=UnitCosts)

    @property
    def preparing(self) -> tuple[float, ...]:
        """Return the core seconds of each task of a language's pool: all before the heads, and each head."""
        before, heads = self.costs.index + self.costs.datastore, self.costs.heads
        return tuple(self.pool_hours * seconds for seconds in (before, heads / 3, heads / 3, heads / 3))

    @property
    def recordings(self) -> int:
        """Return the recordings of a language."""
        return round(self.hours / self.recording)

    @property
    def work(self) -> float:
        """Return the core seconds of everything, each task done once on a machine that is not slow."""
        each = sum(self.preparing) + self.recordings * self.recording * self.costs.transcription
        return self.languages * each

    def tasks(self) -> Iterator[tuple[int, float, float]]:
        """Yield the language, the core seconds and the bytes of each task: all pools first."""
        before, *heads = self.preparing
        for language in range(self.languages):
            yield language, before, self.pool_hours * self.costs.audio
            for seconds in heads:
                yield language, seconds, self.pool_hours * (self.costs.audio + self.costs.states)
        for language in range(self.languages):
            for _ in range(self.recordings):
                seconds = self.recording * self.costs.transcription
                sent = 0.0 if self.by_url else self.recording * self.costs.audio
                yield -1 - language, seconds, sent


@dataclass(frozen=True)
class Outcome:
    """How a plan went."""

    makespan: float  # seconds until the last task was done
    efficiency: float  # share of all workers' time until then that was needed
    failures: int  # tasks that were lost with their machine and done again
    dollars: float


class _Machine:
    """A machine's speed and the times at which it fails."""

    def __init__(self, plan: Plan, random: Random):
        self._plan, self._random = plan, random
        self.factor = plan.slowness if random.random() < plan.slow else 1.0
        self._failures: list[float] = []

    def failure_after(self, begin: float) -> tuple[float, float]:
        """Return when the machine is there from `begin` on, and when it fails next."""
        while not self._failures or self._failures[-1] <= begin:
            last = self._failures[-1] + self._plan.repair if self._failures else 0.0
            rate = 1 / (3600 * self._plan.between_failures)
            self._failures.append(last + self._random.expovariate(rate))
        for failed in self._failures:
            if failed > begin:
                return begin, failed
            begin = max(begin, failed + self._plan.repair)
        return self.failure_after(begin)


def simulated(plan: Plan, seed: int = 0) -> Outcome:
    """Let a plan's workers do its tasks -> when they are done."""
    random = Random(seed)
    machines = [_Machine(plan, random) for _ in range(plan.machines)]
    free = [(plan.start, number) for number in range(plan.machines * plan.cores)]  # by time: a heap
    todo, again = plan.tasks(), list[tuple[float, tuple[int, float, float]]]()
    sent = end = 0.0  # when the driver is free to send, and when the last task is done
    ready: dict[int, float] = {}  # when a language's pool is there
    lost = 0
    while True:
        now, worker = heapq.heappop(free)
        task = heapq.heappop(again)[1] if again and again[0][0] <= now else next(todo, None)
        if task is None:
            if not again:
                break
            now, task = heapq.heappop(again)
        language, seconds, size = task
        sent = max(sent, now) + size / plan.link
        begin, fails = machines[worker // plan.cores].failure_after(max(sent, ready.get(-1 - language, 0.0)))
        done = begin + seconds * machines[worker // plan.cores].factor
        if fails < done:
            lost += 1
            heapq.heappush(again, (fails, task))
            heapq.heappush(free, (fails + plan.repair + plan.start, worker))
            continue
        if language >= 0:
            ready[language] = max(done, ready.get(language, 0.0))
        end = max(end, done)
        heapq.heappush(free, (done, worker))
    workers = plan.machines * plan.cores
    hours = workers * end / 3600
    return Outcome(end, plan.work / (workers * end), lost, hours * plan.price)


def run(seed: int = 0) -> str:
    """Simulate plans of several sizes, with and without trouble -> Markdown."""
    rows = [
        _row(replace(plan, machines=machines), seed)
        for plan in (Plan(slow=0.0, between_failures=1e9, link=1e15), Plan(), Plan(by_url=True))
        for machines in MACHINES
    ]
    return f"{_told(Plan(), seed)}\n\n{markdown_table(rows)}"


def _told(plan: Plan, seed: int) -> str:
    return (
        f"{plan.languages} languages, {plan.hours:g} hours each transcribed at level combined, pools of "
        f"{60 * plan.pool_hours:.0f} minutes, recordings of {60 * plan.recording:.0f}; machines of "
        f"{plan.cores} cores at {plan.price:.2f} dollars an hour of a core; seed {seed}. With trouble: "
        f"{plan.slow:.0%} of the machines take {plan.slowness:g} times as long, each fails every "
        f"{plan.between_failures:g} hours on average, and the driver sends {plan.link / 1e6:.0f} MB a second."
    )


def _row(plan: Plan, seed: int) -> dict[str, object]:
    came = simulated(plan, seed)
    return {
        "machines": plan.machines,
        "trouble": "yes" if plan.slow else "no",
        "recordings": "by URL" if plan.by_url else "sent",
        "makespan, hours": f"{came.makespan / 3600:.1f}",
        "efficiency": f"{came.efficiency:.0%}",
        "tasks done again": came.failures,
        "dollars": f"{came.dollars:,.0f}",
    }
