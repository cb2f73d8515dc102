"""Trainings that differ in some settings: one after the other, by several processes, or on a Ray cluster.

What vanilla Whisper makes of the clips is found out once for all. On this machine a worker trains in the
training's own folder, so that a killed one goes on at its checkpoint; to other machines the corpus and the
folder travel, and the folder comes back.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smile.corpora import Corpus
from smile.corpora.carried import CarriedCorpus
from smile.datatypes import SmileError
from smile.training.data import SURVEY, digest, survey
from smile.training.run import Resources, settings_of, train
from smile.training.trials import Trial, finished, row
from smile.util.advice import of_a_file
from smile.util.storage import work_folder, write_text
from smile.util.workers import Failed, Placement, workers, written_once
from smile.util.workers.carried import Parcel, temporary_folder
from smile.whisper.model import load_models

if TYPE_CHECKING:
    import pandas as pd

TABLE = "sweep.csv"


@dataclass(frozen=True, eq=False)
class Trainer:
    """How a training is done in a worker; all that it needs is here, or on every machine."""

    corpus: Corpus
    out: Path | None  # the folder of all trainings, where workers see it
    model: str
    start: Path | Parcel | None
    survey: bytes
    resources: Resources

    def __call__(self, trial: Trial) -> Parcel | Failed | None:
        """Train, or go on with it; returns its folder, if the command does not see it.

        What cannot be used is told in place of that, and does not end the other trainings.
        """
        try:
            if self.out:
                self._train(trial, self.out / trial.key)
                return None
            with temporary_folder() as place:
                folder = place / trial.key  # sentences name it
                if trial.begun:
                    trial.begun.put(folder)
                self._train(trial, folder)
                return _parcel(folder)
        except SmileError as error:
            return Failed(str(error))
        except OSError as error:
            return Failed(of_a_file(error))

    def _train(self, trial: Trial, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / SURVEY).exists():
            (folder / SURVEY).write_bytes(self.survey)
        start = self.start.unpacked() if isinstance(self.start, Parcel) else self.start
        train(self.corpus, folder, trial.config, model=self.model, start=start, resources=self.resources)


@dataclass(frozen=True)
class Sweep:
    """Trainings on one corpus, and the folder that they lie in."""

    corpus: Corpus
    out: Path
    trials: Sequence[Trial]
    model: str
    start: Path | None = None

    def run(
        self, placement: Placement, resources: Resources
    ) -> Generator[tuple[int, int], None, dict[str, str]]:
        """Train all that are not finished; yields how many are, and of how many, after each.

        Returns why some could not be trained, by their names. The same call goes on where it was.

        Raises:
            SmileError: the corpus or the model cannot be used, another process trains in this folder, or
                a training ended its worker time and again.
        """
        self.out.mkdir(parents=True, exist_ok=True)
        with work_folder(self.out / TABLE, ()):
            for trial in self.trials:
                with work_folder(self.out / trial.key, ()):
                    pass  # one that was being put there as the command was killed
            todo = self.todo()
            done, failed = len(self.trials) - len(todo), dict[str, str]()
            yield done, len(self.trials)
            if todo:
                do = self._trainer(todo, placement, resources)
                tasks = todo if placement.one_machine else self._carried(todo)
                with workers(placement, do) as crew:
                    for key, result in written_once(crew, tasks, partial(_put, self.out)):
                        if isinstance(result, Failed):
                            failed[key] = result.reason
                        done += 1
                        self._tell()
                        yield done, len(self.trials)
            self._tell()
        return failed

    def todo(self) -> list[Trial]:
        """Return the trainings that are not finished."""
        settings = self._settings
        return [t for t in self.trials if not finished(t, self.out / t.key, settings[t.key])]

    @cached_property
    def _settings(self) -> dict[str, dict[str, Any]]:
        """What tells each training from those that its folder may hold in its place."""
        configs = {(c.languages, c.split): c for c in (trial.config for trial in self.trials)}
        data = {key: digest(self.corpus, config) for key, config in configs.items()}
        return {
            trial.key: settings_of(c, data[c.languages, c.split], self.model, self.start)
            for trial in self.trials
            for c in [trial.config]
        }

    def _trainer(self, todo: Sequence[Trial], placement: Placement, resources: Resources) -> Trainer:
        configs = [trial.config for trial in todo]
        models = load_models(self.model, adapter=None)
        known = survey(self.corpus, configs, models, self.out, resources.say).read_bytes()
        used = resources if placement.here else replace(resources, threads=1, shown=False)
        if placement.one_machine:
            return Trainer(self.corpus, self.out, self.model, self.start, known, used)
        splits = {(code, split) for c in configs for code in c.languages for split in self._splits(c.split)}
        corpus = CarriedCorpus.of(self.corpus, sorted(splits))
        start = _parcel(self.start) if self.start else None
        return Trainer(corpus, None, self.model, start, known, used)

    def _splits(self, training: str) -> tuple[str, str]:
        return training, self.corpus.splits.validation

    def _carried(self, todo: Iterable[Trial]) -> Iterable[Trial]:
        """The trainings, each with what there is of it."""
        for trial in todo:
            folder = self.out / trial.key
            yield replace(trial, begun=_parcel(folder)) if folder.is_dir() else trial

    def table(self) -> pd.DataFrame:
        """Return a row for each training, that of the lowest mean CER first, those without one last."""
        import pandas as pd

        rows = [row(trial, self.out / trial.key, self._settings[trial.key]) for trial in self.trials]
        ordered = sorted(rows, key=lambda cells: cells.get("mean", float("inf")))
        return pd.DataFrame(ordered).astype({"validated at": "Int64"})

    def _tell(self) -> None:
        write_text(self.out / TABLE, str(self.table().round(2).to_csv(index=False, lineterminator="\n")))


def _parcel(folder: Path) -> Parcel:
    return Parcel.of(folder, [path for path in folder.rglob("*") if path.is_file()])


def _put(out: Path, key: str, result: Parcel | None) -> None:
    """Give a training that was done elsewhere its folder, in place of what there was of it."""
    if result:
        with work_folder(out / key, ()) as work:
            result.put(work.new)
            work.publish()
