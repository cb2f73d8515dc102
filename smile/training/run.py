"""`smile train`: the whole way from a corpus to an adapter folder with its settings, log and curves."""

from __future__ import annotations

import math
import shutil
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smile.corpora import Corpus
from smile.datatypes import SmileError
from smile.training.checkpoint import Reached, Run
from smile.training.config import TrainConfig
from smile.training.data import Data, load
from smile.training.record import begun, record
from smile.util.storage import rename_folder, write_text
from smile.whisper import adapters
from smile.whisper.model import Models, load_models

if TYPE_CHECKING:
    from smile.training.loop import Place

ADAPTER = "adapter"
NO_GPU = "There is no GPU here; leave --device out, or choose cpu."


@dataclass(frozen=True)
class Resources:
    """What a training may use of the machine."""

    max_hours: float = math.inf
    threads: int = 0  # of the CPU; 0: all
    device: str = ""  # "cpu" or "cuda"; empty: a GPU where there is one
    shown: bool = True  # how far it is, on standard error

    def say(self, line: str) -> None:
        """Print a line on standard error, if anything is to be shown."""
        if self.shown:
            print(line, file=sys.stderr, flush=True)


ALL = Resources()


def train(
    corpus: Corpus,
    out: Path,
    config: TrainConfig,
    *,
    model: str,
    start: Path | None = None,
    resources: Resources = ALL,
) -> Path:
    """Train an adapter, or go on with it, and return its folder; `out` keeps what a resume needs.

    It begins with the adapter in `start`, or with one that changes nothing.

    Raises:
        SmileError: a corpus, model or setting that cannot be used; a folder of another run.
    """
    import torch
    from accelerate import Accelerator

    if resources.threads:
        torch.set_num_threads(resources.threads)
    fast = torch.backends.cpu.get_cpu_capability() == "AVX512"
    bf16 = fast and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    cuda = torch.cuda.is_available() and resources.device != "cpu"
    if resources.device == "cuda" and not cuda:
        raise SmileError(NO_GPU)
    accelerator = Accelerator(cpu=not cuda, mixed_precision="bf16" if bf16 or cuda else "no")
    run, models = Run(out), load_models(model, adapter=None)
    with accelerator.main_process_first():
        data = load(corpus, config, models, out, resources.say)
    if accelerator.is_main_process:
        run.claim(settings_of(config, data.sha256, model, start))
    work = _Training(corpus, run, config, data, model, accelerator)
    return work.train(models, start, resources)


def settings_of(config: TrainConfig, data: str, model: str, start: Path | None) -> dict[str, Any]:
    """Return what tells a training from others: its data by their hash, and the adapter that it begins with.

    Raises:
        WeightsError: that adapter cannot be read.
    """
    before = {"begun": begun(start)} if start else {}
    return {"config": config.learning(), "data": data, "model": model, **before}


@dataclass(frozen=True)
class _Training:
    """A training whose data have been read; `name` is the model's."""

    corpus: Corpus
    run: Run
    config: TrainConfig
    data: Data
    name: str
    accelerator: Any

    def train(self, models: Models, start: Path | None, resources: Resources) -> Path:
        """Learn, validate and export, up to the last step or for so many hours."""
        import torch

        from smile.training.batches import Batches
        from smile.training.episodes import Episodes
        from smile.training.loop import Budget, learn
        from smile.training.model import EpisodeLoss
        from smile.whisper import weights

        base, config, run = weights.find(self.name), self.config, self.run
        torch.manual_seed(config.seed)  # the adapter's first weights are drawn, whatever was drawn before
        model = EpisodeLoss(base.state(), base.config, config, base.name)
        if start:
            model.start_from(start)
        episodes = Episodes(self.data.clips, models.vanilla.tokenizer, config)
        batches = Batches(episodes, models.vanilla, config, self.accelerator)
        bar = _bar(config.steps, self.accelerator.is_main_process and resources.shown)
        resources.say(f"{len(self.data.clips)} clips; left out: {self.data.left_out}")
        folder = run.folder / ADAPTER
        if self.accelerator.is_main_process and not any(row["kind"] == "validation" for row in run.rows()):
            export(model, folder, run, self.data, run.reached())  # as it begins, and decoded as it will be
            self._validate(folder, 0)
        budget, each = Budget(config.steps, resources.max_hours), partial(_show, bar)
        for place in learn(model, batches, run, self.accelerator, budget, each):
            if self.accelerator.is_main_process:
                export(model, folder, run, self.data, place)
                rates = self._validate(folder, place.step)
                bar.clear()
                resources.say(f"step {place.step}: validation CER {rates}")
        if self.accelerator.is_main_process:
            export(model, folder, run, self.data, run.reached())
        bar.close()
        return folder

    def _validate(self, folder: Path, step: int) -> dict[str, float]:
        """Log and return the validation CER of the adapter in a folder."""
        from smile.training.validate import validate

        rates = validate(self.corpus, folder, self.config, self.name)
        self.run.log({"kind": "validation", "step": step, **rates})
        return rates


def _show(bar: Any, place: Place) -> None:
    bar.n = place.step
    bar.set_postfix(loss=f"{place.loss:.3f}", refresh=False)
    bar.refresh()


def export(model: Any, folder: Path, run: Run, data: Data, reached: Reached) -> None:
    """Write the adapter with how it was trained, and the curves of the run."""
    from smile.training.curves import draw

    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    model.save(part)
    adapters.rescale(part, model.config.scale)
    (part / "README.md").unlink(missing_ok=True)  # peft's empty card
    write_text(part / "smile.json", record(model.config, data, run, reached))
    draw(run.rows(), part / "curves.png")
    shutil.rmtree(folder, ignore_errors=True)
    rename_folder(part, folder)


def _bar(steps: int, shown: bool) -> Any:
    from tqdm import tqdm

    return tqdm(total=steps, unit="step", disable=not shown, mininterval=5)
