"""The served page without a browser: controls reach the engine, addresses, cancelling, what is served."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.error
import urllib.request
import warnings
from dataclasses import replace
from pathlib import Path

import gradio as gr
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from hypothesis import given
from hypothesis import strategies as st

from smile.settings import OPTIONS, Settings
from smile.transcription.options import as_json, checked, choices, text_of
from smile.ui import build_app
from smile.ui.sounds import Sounds
from smile.ui.transcribe import callbacks
from smile.ui.transcribe.controls import from_query, settings_of
from tests.conftest import ROOT
from tests.security.client import Stranger
from tests.support.fake_engine import DEFAULTS, HEARD, TEXTS, FakeEngine
from tests.support.launched import launched

CHOSEN = {  # one other value for every setting, and what the engine is to get
    "shots": (7, 7),
    "sampler": ("random", "random"),
    "divergence": ("cosine", "cosine"),
    "seed": (99, 99),
    "language_token": ("sw", "sw"),
    "timestamps": (False, False),
    "beam_size": (4, 4),
    "windows": ("30", (30.0,)),
    "max_segment_seconds": (20, 20.0),
    "split_short": (False, False),
    "length_limit": (False, False),
    "knn": (0.5, 0.5),
    "total_seconds": (25, 25.0),
    "no_repeat": (False, False),
    "characters": ("hard", "hard"),
    "cut_loops": (False, False),
    "level": ("acoustic", "acoustic"),
    "acoustic_share": (0.9, 0.9),
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return FakeEngine(tmp_path_factory.mktemp("clips"))


@pytest.fixture(scope="module")
def page(engine):
    with launched(build_app(engine)) as page:
        yield page


@pytest.fixture(scope="module")
def client(page):
    return Client(page.local_url, verbose=False)


@pytest.fixture
def clip(engine):
    return handle_file(str(engine.queries("gla")[1].audio))


def ask(client, endpoint, clip, pool, **choices):
    """Call the page's own event, or the one for programs."""
    if endpoint == "/run":
        return client.predict(*arguments(clip, pool, **choices), api_name=endpoint)
    return client.predict(audio=clip, reference="", pool=pool, **choices, api_name=endpoint)


def arguments(clip, pool, **choices):
    """The inputs of the page's own event in their order."""
    values = {**DEFAULTS, **choices}
    return clip, pool, *(values.pop(name) for name in OPTIONS), *values.values(), ""


# Controls


def test_defaults_are_the_engines_own():
    assert settings_of(DEFAULTS) == Settings()


def test_every_setting_is_tried():
    assert set(CHOSEN) == set(DEFAULTS) == set(as_json(Settings())) == set(OPTIONS)


@pytest.mark.parametrize("endpoint", ["/run", "/transcribe"])
@pytest.mark.parametrize("name", CHOSEN)
def test_a_control_reaches_the_engine(client, engine, clip, endpoint, name):
    value, expected = CHOSEN[name]
    ask(client, endpoint, clip, "gla", **{name: value})
    _, _, settings = engine.asked[-1]
    assert settings == replace(Settings(), **{name: expected})


@pytest.mark.parametrize("endpoint", ["/run", "/transcribe"])
def test_recording_and_pool_reach_the_engine(client, engine, clip, endpoint):
    ask(client, endpoint, clip, "mini/ckb")
    samples, pool, _ = engine.asked[-1]
    assert samples == int(1.5 * 16000)
    assert pool == "mini/ckb"


def test_components_are_connected_by_their_names(page):
    """The button's event gets each component under the name that the component itself carries."""
    event = next(fn for fn in page.fns.values() if fn.api_name == "run")
    wired = dict(zip(event.input_keyword_names, event.inputs, strict=True))
    assert isinstance(wired.pop("key"), gr.BrowserState)
    assert wired.keys() == {"audio", "pool", *OPTIONS}
    assert all(component.elem_id == name for name, component in wired.items())


# Addresses


@given(st.dictionaries(st.sampled_from([*CHOSEN, "pool", "x"]), st.text(max_size=12)))
def test_an_address_gives_allowed_values_only(query):
    for name, value in from_query(query).items():
        assert shows(name, value), f"no control of {name} shows {value}"
        checked(settings_of({name: value}))


def shows(name, value):
    """Whether the control of a setting has a place for a value."""
    option, default = OPTIONS[name], getattr(Settings(), name)
    if isinstance(default, bool):
        return value in (True, False)
    if offered := choices(name):
        return value in map(text_of, offered)
    return option.least <= value <= option.most and isinstance(value, type(default))


def test_an_address_gives_back_what_it_was_made_from():
    chosen = {name: value for name, (value, _) in CHOSEN.items()}
    assert from_query({name: str(value).lower() for name, value in chosen.items()}) == chosen


def test_an_address_restores_pool_example_and_settings(engine):
    restored = callbacks.restore(engine, {"pool": "chr", "example": "q2", "shots": "4"})
    pool, example, audio, reference, shots, *others, filled = restored
    assert pool["value"] == "chr"
    assert example["value"] == "q2"
    assert [label for label, _ in example["choices"]] == list(TEXTS["chr"])
    assert Path(audio).read_bytes() == engine.queries("chr")[2].audio.read_bytes()
    assert reference == filled == TEXTS["chr"][2]
    assert shots == 4
    assert all(other == gr.skip() for other in others)


@pytest.mark.parametrize("query", [{}, None, {"pool": "../..", "example": "q99", "shots": "11"}])
def test_an_address_that_names_nothing_leaves_what_a_quick_visitor_chose_meanwhile(engine, query):
    assert set(map(str, callbacks.restore(engine, query))) == {str(gr.skip())}


def test_an_address_of_another_pool_forgets_the_example(engine):
    pool, example, audio, reference, *_, filled = callbacks.restore(engine, {"pool": "chr", "example": "q99"})
    assert (pool["value"], example["value"]) == ("chr", None)
    assert audio == reference == filled == gr.skip()


def test_a_file_that_is_no_sound_is_one_sentence(client, tmp_path):
    (tmp_path / "notes.wav").write_bytes(b"no sound at all" * 50)
    with pytest.raises(AppError, match=r"^[^.]*notes\.wav[^.]*\.$"):
        ask(client, "/transcribe", handle_file(str(tmp_path / "notes.wav")), "gla")


def test_the_endpoint_answers_with_the_same_json(client, clip):
    answer = client.predict(audio=clip, reference="x", pool="gla", shots=2, api_name="/transcribe")
    assert answer["vanilla"]["text"] == HEARD
    assert len(answer["neighbours"]) == 2
    assert answer["seconds"]["recording"] == 1.5


# The server


def test_cancel_stops_the_engine(client, engine, clip):
    engine.pace = 0.1
    try:
        job = client.submit(*arguments(clip, "gla"), api_name="/run")
        wait_for(lambda: engine.running == 1)
        job.cancel()
        wait_for(lambda: engine.running == 0)
        done = engine.steps
        time.sleep(0.5)
        assert engine.steps == done, "the engine went on"
    finally:
        engine.pace = 0.0
    assert ask(client, "/transcribe", clip, "gla")["vanilla"]["text"] == HEARD, "the next one runs"


def wait_for(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def status(url):
    try:
        with urllib.request.urlopen(url) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_only_pools_are_served(page, engine):
    audio = engine.queries("gla")[0].audio
    assert status(page.local_url + Sounds([engine.folder]).address(audio)) == 200
    served = f"{page.local_url}gradio_api/file="
    for path in (
        str(audio),
        "/etc/passwd",
        f"{ROOT}/pyproject.toml",
        f"{engine.folder}/../../secret",
        "/proc/self/environ",
    ):
        assert status(served + path) in (403, 404)


def test_only_useful_endpoints_are_public(client):
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    asked = {"/transcribe", "/align", "/compare", "/languages", "/neighbours", "/examples", "/results"}
    assert set(endpoints) == asked


OPENING = """
import sys, urllib.request
from pathlib import Path
from smile.ui import Engine, Options, build_app, look
page = build_app(Engine(Options(Path("assets/pools"), Path("no-cache"))))
page.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", **look())
for path in ("", "config"):
    assert urllib.request.urlopen(page.local_url + path).status == 200
heavy = {"torch", "transformers", "umap", "numba", "peft", "av", "babel", "scipy", "plotly"}
print(sorted(heavy & set(sys.modules)))
page.close()
"""


def test_the_page_opens_without_the_heavy_libraries():
    done = subprocess.run(
        [sys.executable, "-c", OPENING], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "[]"


def test_one_change_that_is_told_twice_drops_the_examples_text(page):
    """Both calls bring the reference as it was on the page before the first was answered."""
    visitor = Stranger(page.local_url)
    visitor.run(visitor.of("example", "input"), ["gla", "q1"])
    for _ in range(2):
        answer = visitor.run(visitor.of("audio", "clear"), [TEXTS["gla"][1], None])
        assert answer.json()["data"][:2] == [None, ""]


def test_what_is_out_of_sight_stands_in_no_box_that_is_shown_anew(page):
    """gradio shows all that is in a box as it is shown again."""
    hidden = [b for b in page.blocks.values() if getattr(b, "visible", True) == "hidden"]
    assert len(hidden) > 5
    in_boxes = [b.elem_id for b in hidden if any(one.visible is False for one in _around(b))]
    assert not in_boxes


def _around(block):
    while (block := block.parent) is not None:
        yield block


def test_the_page_is_built_without_a_warning(engine):
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        build_app(engine)
