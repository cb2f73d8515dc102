"""Callbacks of the check, and of the setting that follows from it or from the visitor."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from smile.own import remaining, transcripts
from smile.own.check import COMBINED, VANILLA, Check
from smile.own.checked import Line, lines_of
from smile.own.workspace import Workspace
from smile.pools.setting import PoolSetting, whole_setting, write_setting
from smile.settings import DEFAULTS, Level, Mode
from smile.transcription.options import checked
from smile.ui.own import verdict
from smile.ui.own.page import Page, after_choice, fresh, guarded, guarded_steps, opened, working
from smile.ui.own.service import VisitorService
from smile.util.pace import said

BEFORE = "Transcripts made before can be made anew by it: press “Transcribe again”."
FITTING = "Checking: fitting acoustic models, each without some of your clips"
LEAST = 3  # examples that are checked without being asked


@guarded_steps
def check(service: VisitorService, key: str | None) -> Iterator[Page]:
    """Transcribe each example with the others under some settings, and make the best one the pool's."""
    workspace = opened(service, key)
    yield from _check(service, workspace)


@guarded_steps
def check_new(service: VisitorService, key: str | None) -> Iterator[Page]:
    """Check by itself, where examples have come that no check has seen."""
    if not service.visitors.has(key):
        return
    workspace = service.visitors.open(key)
    pool = workspace.pool()
    if pool is None or len(pool) < LEAST:
        return
    setting = whole_setting(pool.folder)
    if setting is None or not setting.current(pool):
        yield from _check(service, workspace)


def _check(service: VisitorService, workspace: Workspace) -> Iterator[Page]:
    yield Page(verdict=verdict.under_way(()))
    yield from working(service.ready(workspace))
    watch, untried = remaining.Remaining(), ""
    for step in service.check(workspace):
        lines, untried = lines_of(step.rates), step.untried
        left = watch.seconds(step, time.monotonic(), _best(lines))
        yield Page(verdict=verdict.under_way(lines)).says(_progress(step, left), "working")
    problem = yield from working(service.ready(workspace))
    again = BEFORE if transcripts.outdated(workspace) else ""
    said = filter(None, ("Checked. The best setting is now in use.", again, untried, problem))
    yield fresh(workspace).says(" ".join(said), "done")


def _best(lines: Sequence[Line]) -> str:
    """The condition that will probably be taken: both combined, or the one that leads."""
    names = [line.name for line in lines if line.name != VANILLA]
    return COMBINED if COMBINED in names else next(iter(names), "")


def _progress(step: Check, left: float | None) -> str:
    if step.fitted is not None:
        done = f"{FITTING}, {100 * step.fitted:.0f}\u00a0%"
        return f"{done}, {said(left)}; then come the transcripts" if left else done
    done = f"Checking: {step.done} of {step.total} transcripts"
    return ", ".join(filter(None, (done, said(left))))


@guarded
def choose(
    service: VisitorService, key: str | None, shots: float, knn: bool, characters: Mode, level: Level
) -> Page:
    """Set shots, kNN-LM, characters and level as the visitor chooses them."""
    if not service.visitors.has(key):
        return Page()
    workspace = opened(service, key)
    asked: dict[str, Any] = {"shots": shots, "characters": characters, "level": level}
    wanted = checked(replace(DEFAULTS, **asked))
    with workspace.lock:
        workspace.write(replace(workspace.state(), characters=wanted.characters))
        pool = workspace.pool()
        if pool:
            old = whole_setting(pool.folder)
            base = old or PoolSetting(0, 0.0)
            chosen = replace(base, shots=int(wanted.shots), knn=1.0 if knn else 0.0, level=wanted.level)
            if chosen != old:
                write_setting(pool.folder, chosen)
    return after_choice(workspace)
