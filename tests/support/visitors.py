"""Visitors with a language of their own, examples of it, and recordings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import gradio as gr
from gradio.context import LocalContext

from smile.acoustic import store
from smile.acoustic.recipe import Recipe
from smile.own import changes
from smile.pools.pool import open_pool
from smile.ui import VisitorService
from smile.ui.own import naming
from tests.conftest import POOLS
from tests.support import tones
from tests.support.fake_engine import ENCODER

DEMO = open_pool(POOLS / "gla")


@contextmanager
def asked_by(session: str) -> Iterator[None]:
    """Let what is done meanwhile be asked for by the page of a session."""
    token = LocalContext.request.set(gr.Request(session_hash=session))
    try:
        yield
    finally:
        LocalContext.request.reset(token)


def named(service: VisitorService, code: str = "mdw") -> str:
    """A visitor who has named a language; the key."""
    return str(naming.name(service, "", "x", code).key)


def with_examples(service: VisitorService, first: int, last: int, code: str = "mdw") -> str:
    key = named(service, code)
    workspace = service.visitors.open(key)
    part = type(DEMO)(DEMO.folder, DEMO.header, DEMO.utterances[first:last], DEMO.embeddings[first:last])
    with workspace.change("examples added") as change:
        changes.joined(None, part, change.out)
    return key


def with_tones(service: VisitorService) -> str:
    """A visitor of a `FakeEngine` whose examples have an acoustic model of tones."""
    key = with_examples(service, 0, 3)
    pool = service.visitors.open(key).pool(ENCODER)
    assert pool is not None
    store.write(pool, [tones.sure(tones.head(ENCODER, pool.language.code))], [Recipe()])
    return key


def add_recordings(service: VisitorService, key: str, count: int) -> None:
    """A visitor brings so many recordings."""
    for utterance in DEMO.queries[:count]:
        target = service.visitors.open(key).recordings / utterance.audio.name
        target.write_bytes(utterance.audio.read_bytes())
