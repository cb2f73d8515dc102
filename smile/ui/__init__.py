"""The dashboard: `build_app` puts the page together, one module a tab."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from tempfile import mkdtemp
from threading import Thread

import gradio as gr

from smile.maps.store import FOLDER as MAPS
from smile.own.workspaces import KEEP_HOURS, Workspaces
from smile.paths import ASSETS, GLOSSARY, PRECOMPUTED
from smile.ui import aligning, examples, programs
from smile.ui.compare import compare_tab
from smile.ui.engine import Engine
from smile.ui.live import LiveSessions
from smile.ui.map import Atlas, map_tab
from smile.ui.own import VisitorService, own_tab, remembered
from smile.ui.parts.address import Address
from smile.ui.recorded import Recordings
from smile.ui.results import results_tab
from smile.ui.serving import Dashboard
from smile.ui.sounds import Sounds
from smile.ui.sources import Options
from smile.ui.store import Store
from smile.ui.theme import look
from smile.ui.transcribe import Keeper, broken_off_key, transcribe_tab

__all__ = ["Engine", "Options", "VisitorService", "build_app", "look"]

WAITING_ROOM = 60  # transcriptions that may wait; further ones are told to come back
CACHE_SECONDS = (3600, 12 * 3600)  # how often old files of visitors are deleted, and how old they are then


def build_app(
    engine: Engine, results: Path = PRECOMPUTED, maps: Path = MAPS, service: VisitorService | None = None
) -> Dashboard:
    """Put the page together; `launch(**look())` dresses and serves it.

    `results` is a folder with packed rows, `maps` one with maps; `service` keeps visitors' own pools, in a
    folder for this process alone where there is none.
    """
    store = Store(results, Recordings(engine))
    service = service or VisitorService(
        engine, Workspaces(Path(mkdtemp(prefix="smile-visitors-")), KEEP_HOURS)
    )
    with Dashboard(title="SMILE", analytics_enabled=False, delete_cache=CACHE_SECONDS) as page:
        page.sounds, page.quota = Sounds(engine.audio_folders()), service.visitors.quota
        page.live, page.claims = LiveSessions(engine.scheduler), service.visitors.claims
        gr.HTML(prose("header.html"), apply_default_css=False)
        key, jobs_key, address = remembered(), broken_off_key(), Address()
        with gr.Tabs(elem_id="tabs") as tabs:
            keeper = Keeper(engine, service.visitors)
            transcribed, connect_broken_off = transcribe_tab(keeper, jobs_key, tabs, page.live, address)
            follow = [compare_tab(engine, transcribed, address)]
            delete = own_tab(service, key, page.live)
            follow.append(map_tab(Atlas(engine, maps, store), transcribed, address))
            results_tab(store, page, address)
        programs.publish(engine, store)
        aligning.publish(engine)
        examples.publish(engine)
        with gr.Accordion("About", open=False):
            gr.Markdown(prose("about.md"))
        with gr.Accordion("Glossary", open=False, elem_id="glossary"):
            gr.Markdown(_glossary())
        gr.HTML(prose("footer.html"), apply_default_css=False)
        connect_broken_off(delete, address.connect(page, tabs))
        for connect in follow:
            connect()
    page.queue(max_size=WAITING_ROOM)
    # gradio imports it at the first event, which would keep the first visitor waiting for seconds
    Thread(target=import_module, args=("matplotlib.pyplot",), daemon=True).start()
    return page


def _glossary() -> str:
    """Return the words of the page, without the heading, which the page has already."""
    return GLOSSARY.read_text(encoding="utf-8").partition("\n")[2]


def prose(name: str) -> str:
    """Return a text of the page, kept with the assets."""
    return (ASSETS / name).read_text(encoding="utf-8")
