"""`smile train`: the whole way from a corpus to an adapter folder with its settings, log and curves."""

from __future__ import annotations

import math
import shutil
import sys
from pathlib import Path
from typing import Any

from smile.training.checkpoint import Run
from smile.training.config import TrainConfig
from smile.training.data import Data, load
from smile.training.record import begun, record
from smile.util.storage import rename_folder, write_text
from smile.whisper import adapters
from smile.whisper.model import load_models

ADAPTER = "adapter"


def train(
    root: Path,
    out: Path,
    config: TrainConfig,
    *,
    model: str,
    start: Path | None = None,
    max_hours: float = math.inf,
    threads: int = 0,
) -> Path:
    """Train an adapter, or go on with it, and return its folder; `out` keeps what a resume needs.

    It begins with the adapter in `start`, or with one that changes nothing. `threads` of the CPU are used,
    all with 0.

    Raises:
        SmileError: a corpus, model or setting that cannot be used; a folder of another run.
    """
    import torch
    from accelerate import Accelerator

    if threads:
        torch.set_num_threads(threads)
    fast = torch.backends.cpu.get_cpu_capability() == "AVX512"
    bf16 = fast and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    cuda = torch.cuda.is_available()
    accelerator = Accelerator(cpu=not cuda, mixed_precision="bf16" if bf16 or cuda else "no")
    run, models = Run(out), load_models(model)
    with accelerator.main_process_first():
        data = load(root, config, models, out, _say)
    if accelerator.is_main_process:
        before = {"begun": begun(start)} if start else {}
        run.claim({"config": config.learning(), "data": data.sha256, "model": model, **before})
    return _train(root, run, config, data, models, model, start, accelerator, max_hours)


def _train(
    root: Path,
    run: Run,
    config: TrainConfig,
    data: Data,
    models: Any,
    name: str,
    start: Path | None,
    accelerator: Any,
    max_hours: float,
) -> Path:
    from smile.training.batches import Batches
    from smile.training.episodes import Episodes
    from smile.training.loop import learn
    from smile.training.model import EpisodeLoss
    from smile.training.validate import validate
    from smile.whisper import weights

    base = weights.find(name)
    model = EpisodeLoss(base.state(), base.config, config, base.name)
    if start:
        model.start_from(start)
    episodes = Episodes(data.clips, models.vanilla.tokenizer, config)
    batches = Batches(episodes, models.vanilla, config, accelerator)
    bar = _bar(config.steps, accelerator.is_main_process)
    _say(f"{len(data.clips)} clips; left out: {data.left_out}")

    def each(place: Any) -> None:
        bar.n = place.step
        bar.set_postfix(loss=f"{place.loss:.3f}", refresh=False)
        bar.refresh()

    folder = run.folder / ADAPTER
    if accelerator.is_main_process and not any(row["kind"] == "validation" for row in run.rows()):
        export(model, folder, run, data, run.hours())  # as it begins, and heard as it will be
        run.log({"kind": "validation", "step": 0, **validate(root, folder, config, name)})
    for place in learn(model, batches, run, accelerator, until=config.steps, max_hours=max_hours, each=each):
        if accelerator.is_main_process:
            export(model, folder, run, data, place.hours)
            found = validate(root, folder, config, name)
            run.log({"kind": "validation", "step": place.step, **found})
            bar.write(f"step {place.step}: validation CER {found}", file=sys.stderr)
    if accelerator.is_main_process:
        export(model, folder, run, data, run.hours())
    bar.close()
    return folder


def export(model: Any, folder: Path, run: Run, data: Data, hours: float) -> None:
    """Write the adapter with how it was trained, and the curves of the run."""
    from smile.training.curves import draw

    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    model.save(part)
    adapters.rescale(part, model.config.scale)
    (part / "README.md").unlink(missing_ok=True)  # peft's empty card
    write_text(part / "smile.json", record(model.config, data, run, hours))
    draw(run.rows(), part / "curves.png")
    shutil.rmtree(folder, ignore_errors=True)
    rename_folder(part, folder)


def _bar(steps: int, shown: bool) -> Any:
    from tqdm import tqdm

    return tqdm(total=steps, unit="step", disable=not shown, mininterval=5)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
