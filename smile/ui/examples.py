"""The endpoint `examples`, also as an MCP tool: the texts of a pool that fit their sound worst."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr

from smile.datatypes import Progress, SmileError
from smile.own.doubts import FEW, SHARE
from smile.ui.engine import Engine
from smile.ui.programs import prepared
from smile.ui.scheduler import Watched
from smile.ui.tools import tool
from smile.util.timing import finished, in_hundredths, relayed

if TYPE_CHECKING:
    from smile.own.misfits import Fit
    from smile.pools.pool import Pool
    from smile.whisper.model import Model

# it takes minutes, in which those who transcribe keep their places
ONE_AFTER_ANOTHER: dict[str, Any] = {"concurrency_limit": 1, "concurrency_id": "examples"}


def publish(engine: Engine) -> None:
    """Add the endpoint `examples` to the page that is being built."""
    keys = [pool.key for pool in engine.pools()]
    gr.Button(visible=False).click(
        tool("examples", examples, engine),
        [
            gr.Dropdown(keys, value=None, visible=False, label="pool"),
            gr.Number(SHARE, precision=0, minimum=0, maximum=100, visible=False, label="share"),
        ],
        gr.JSON(visible=False),
        api_name="examples",
        **ONE_AFTER_ANOTHER,
    )


def examples(engine: Engine, pool: str | None = None, share: int | None = SHARE) -> list[dict[str, Any]]:
    """List the examples of a language whose texts fit their own sound worst, the worst first, each judged
    by an acoustic model that was not fitted to it, with the place of the text that differs and what was
    read there. The first asking takes as long as four fits, which is minutes; later ones take no time.

    Args:
        pool: the language's key, as `languages` gives it.
        share: how many percent of the examples are listed, 0 to 100; one at least.
    """
    from smile.own.kept_misfits import as_dict
    from smile.own.misfits import worst

    model, opened = prepared(engine, pool)
    if len(opened) < 2:
        raise SmileError(FEW)
    fits = _judged(engine, str(pool), opened, model)
    return [as_dict(fit) for fit in worst(fits, SHARE if share is None else int(share))]


def _judged(engine: Engine, key: str, pool: Pool, model: Model) -> tuple[Fit, ...]:
    """Judge the examples of a pool in turn with others' work; of two who ask at once the second one waits.

    Raises:
        SmileError: a clip cannot be read, no model can be fitted, or what it is fitted to has no room.
    """
    from smile.own.kept_misfits import kept_misfits
    from smile.transcription.preparing import share

    def work(told: Progress) -> tuple[Fit, ...]:
        tell = in_hundredths(told)
        return finished(relayed(kept_misfits(pool, model), lambda said: tell(share(said))))

    if problem := engine.problem(key):
        raise SmileError(problem)
    progress = Watched(100, share=True)
    with engine.scheduler.visit():
        job = engine.scheduler.over_clips(work, progress, on=key)
        try:
            return job.result()
        except OSError as error:
            engine.unkept.note(key, error)
            raise SmileError(engine.problem(key)) from error
        finally:
            progress.stop()
