"""How smoothly a browser draws a map of many points: frames while a visitor hovers, drags, zooms and rotates.

The points are made up; the page, its script and the browser are the real ones. Needs what the tests need:
selenium, and Debian's chromium and chromium-driver.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from smile.bench.report import markdown_table, stamp
from smile.datatypes import EncoderId, SmileError, Utterance
from smile.maps import store as maps
from smile.maps.placement import Trust, place
from smile.maps.store import LAYOUTS, Entry, Map, Member
from smile.paths import ASSETS
from smile.pools.pool import Header, Pool, open_pool, order_digest
from smile.retrieval.divergences import kl_of_logs, log_softmax
from smile.text.languages import language
from smile.ui import Engine, Options, build_app, look
from smile.ui.sources import PoolChoice

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

CODES = ("deu", "eng", "fra", "spa", "rus", "ell", "bul", "cat", "dan", "nld", "ron", "ces")
ENCODER = EncoderId("bench", "0" * 12)
SECONDS = 3.0  # of each action
PATIENCE = 300.0  # seconds
WINDOW = (1280, 900)
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run")
DRAWN = "return Number(document.querySelector('#map-plot .plot')?.dataset.drawn ?? 0)"
WATCH = """
window.frames_ = []; let last = performance.now(); window.watching_ = true;
const step = (now) => {
  window.frames_.push(now - last);
  last = now;
  if (window.watching_) requestAnimationFrame(step);
};
requestAnimationFrame(step);
"""
SEEN = "window.watching_ = false; return window.frames_.slice(1)"
RENDERER = """
const gl = document.createElement("canvas").getContext("webgl");
const known = gl?.getExtension("WEBGL_debug_renderer_info");
return known ? gl.getParameter(known.UNMASKED_RENDERER_WEBGL) : "no WebGL";
"""
PICK = """
const plot = document.querySelector("#map-plot .plot");
plot.emit("plotly_click", { points: [{ customdata: arguments[0] }] });
"""


class Crowd(Engine):
    """An engine that knows nothing but pools of made-up clips."""

    def __init__(self, folder: Path, size: int):
        super().__init__(Options(folder, folder))
        generator = np.random.default_rng(0)
        clip = next(open_pool(folder) for folder in sorted((ASSETS / "pools").glob("*/"))).utterances[0]
        share = size // len(CODES)
        sizes = [share + (n < size - share * len(CODES)) for n in range(len(CODES))]
        self.crowd = {code: _pool(code, n, clip, generator) for code, n in zip(CODES, sizes, strict=True)}

    def pools(self) -> tuple[PoolChoice, ...]:
        return tuple(PoolChoice(code, pool.language, len(pool)) for code, pool in self.crowd.items())

    def examples(self, key: str | None) -> tuple[Utterance, ...]:
        return self.crowd[str(key)].utterances

    def pool(self, key: str | None, encoder: EncoderId) -> Pool | None:
        return self.crowd.get(str(key))


def _pool(code: str, size: int, clip: Utterance, generator: np.random.Generator) -> Pool:
    utterances = tuple(
        Utterance(f"{code}-{i}", clip.audio, f"{clip.text} {i}", code, f"{code}{i % 30}", 1 + i % 14)
        for i in range(size)
    )
    header = Header(language(code), encoder=ENCODER, order=order_digest(utterances))
    return Pool(clip.audio.parent, header, utterances, generator.normal(size=(size, 512)).astype(np.float32))


def crowded(engine: Crowd) -> Map:
    """Make a map of an engine's pools: clouds of points, a language each, and no neighbours remembered."""
    pools = engine.crowd.values()
    members = tuple(Member(p.language.code, False, p.header.order, len(p)) for p in pools)
    figures = dict.fromkeys(LAYOUTS, Trust(10, 0.0, 0.0, 0.0))
    generator = np.random.default_rng(1)
    clips = [u for pool in pools for u in pool.utterances]
    centres = np.repeat(generator.normal(scale=6, size=(len(members), 3)), [m.clips for m in members], axis=0)
    points = (centres + generator.normal(size=centres.shape)).astype(np.float32)
    nobody = np.zeros((len(clips), 1), np.int32)
    return Map(
        Entry("bench", members, ENCODER, figures, {}),
        tuple(u.id for u in clips),
        np.array([u.seconds for u in clips], np.float32),
        {name: points[:, : int(name[-1])] for name in LAYOUTS},
        nobody,
        nobody.astype(np.float32),
    )


def run(size: int = 20_000) -> str:
    """Draw as many points and work the map -> Markdown."""
    with (
        tempfile.TemporaryDirectory() as folder,
        _served(Path(folder), size) as address,
        _browser() as driver,
    ):
        renderer = str(driver.execute_script(RENDERER))
        rows = [row for dimensions in (2, 3) for row in _worked(driver, address, dimensions)]
    return (
        f"{size} points, drawn by {renderer}; milliseconds until the map is drawn, and between frames "
        f"while it is worked for {SECONDS:.0f} s, with the share of that time that scripts run; {stamp()}"
        f"\n\n{markdown_table(rows)}\n\nPlacing a query among {size} points: {placing(size):.1f} ms (median)."
    )


def placing(size: int, width: int = 512, times: int = 25) -> float:
    """Return the median milliseconds to place a query among made-up points, its KL to all included."""
    generator = np.random.default_rng(0)
    logs = log_softmax(generator.normal(size=(size, width)).astype(np.float32))  # kept by the atlas
    points = generator.normal(size=(size, 2)).astype(np.float32)
    spent = []
    for _ in range(times):
        query, began = generator.normal(size=(1, width)).astype(np.float32), time.perf_counter()
        place(points, kl_of_logs(log_softmax(query), logs)[0])
        spent.append(time.perf_counter() - began)
    return 1000 * float(np.median(spent))


@contextmanager
def _served(folder: Path, size: int) -> Iterator[str]:
    engine = Crowd(folder, size)
    maps.save([crowded(engine)], folder / "maps")
    page = build_app(engine, folder, folder / "maps")
    page.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", **look())
    try:
        yield str(page.local_url)
    finally:
        page.close()


@contextmanager
def _browser() -> Iterator[Chrome]:
    try:
        from selenium import webdriver
    except ImportError as error:
        raise SmileError("This benchmark needs selenium: pip install selenium") from error
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not chromedriver:
        raise SmileError("This benchmark needs a browser: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--window-size={WINDOW[0]},{WINDOW[1]}"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(chromedriver))
    try:
        driver.set_script_timeout(PATIENCE)
        yield driver
    finally:
        driver.quit()


def _worked(driver: Chrome, address: str, dimensions: int) -> Iterator[dict[str, object]]:
    """A row an action, in two or three dimensions."""
    driver.get(address)
    driver.execute_cdp_cmd("Performance.enable", {})
    what = f"{dimensions}-D"
    yield _row(what, "first drawn", _until_drawn(driver, partial(_open, driver, dimensions)))
    for number in (7, 77):
        yield _row(what, "query drawn", _until_drawn(driver, partial(driver.execute_script, PICK, number)))
    for action in ("rest", "hover", "drag", "zoom"):
        name = "rotate" if (action, dimensions) == ("drag", 3) else action
        before, began = _script(driver), time.perf_counter()
        frames = _frames(driver, action)
        busy = (_script(driver) - before) / (time.perf_counter() - began)
        yield _row(what, name, *frames) | {"script": f"{busy:.0%}"}


def _script(driver: Chrome) -> float:
    """Seconds that the page's scripts have run."""
    metrics = driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return float(next(m["value"] for m in metrics if m["name"] == "ScriptDuration"))


def _open(driver: Chrome, dimensions: int) -> None:
    css = "button[role='tab'][data-tab-id='map']", f"#map-dimensions label:nth-of-type({dimensions - 1})"
    for each in css if dimensions == 3 else css[:1]:
        _wait(partial(driver.find_elements, "css selector", each))
        driver.find_elements("css selector", each)[0].click()


def _until_drawn(driver: Chrome, begin: Callable[[], object]) -> float:
    """Milliseconds from a beginning until the map is drawn anew and the browser is idle."""
    before, began = int(driver.execute_script(DRAWN)), time.perf_counter()
    begin()
    _wait(lambda: int(driver.execute_script(DRAWN)) > before)
    driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
    return 1000 * (time.perf_counter() - began)


def _wait(condition: Callable[[], object], patience: float = PATIENCE) -> None:
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            raise SmileError("The browser did not draw the map in time.")
        time.sleep(0.01)


def _frames(driver: Chrome, action: str) -> list[float]:
    """Milliseconds between the frames that the browser shows while an action goes on."""
    plot = driver.find_element("css selector", "#map-plot .plot")
    driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", plot)
    box = driver.execute_script("return arguments[0].getBoundingClientRect().toJSON()", plot)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2.4
    angles = cycle(np.linspace(0, 2 * np.pi, 90).tolist())
    mouse: dict[str, Any] = {"button": "left", "buttons": 1} if action == "drag" else {"button": "none"}

    def send(kind: str, angle: float, **more: object) -> None:
        at = {"x": x + 180 * np.cos(angle), "y": y + 120 * np.sin(2 * angle)}
        driver.execute_cdp_cmd("Input.dispatchMouseEvent", {"type": kind, **at, **more})

    driver.execute_script(WATCH)
    end = time.monotonic() + SECONDS
    if action == "drag":
        send("mousePressed", 0.0, clickCount=1, **mouse)
    while time.monotonic() < end:
        angle = next(angles)
        if action == "rest":
            time.sleep(0.05)
        elif action == "zoom":
            send("mouseWheel", 0.0, deltaX=0, deltaY=60 * np.sign(np.sin(angle)))
        else:
            send("mouseMoved", angle, **mouse)
    if action == "drag":
        send("mouseReleased", 0.0, clickCount=1, **mouse)
    return [float(ms) for ms in driver.execute_script(SEEN)]


def _row(what: str, name: str, *ms: float) -> dict[str, object]:
    middle, late = np.percentile(ms, [50, 95])
    return {
        "map": what,
        "action": name,
        "median, ms": f"{middle:.0f}",
        "95th percentile": f"{late:.0f}" if len(ms) > 1 else "–",
        "worst": f"{max(ms):.0f}" if len(ms) > 1 else "–",
        "script": "–",
    }
