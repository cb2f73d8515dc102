"""What the page keeps in its address: a tab names its components, and what a query makes of them.

The page's script writes what differs from its default (`smileRemember` in assets/scripts/address.js); one
request reads the query for all tabs as the page is opened, before a tab is, so that nothing is drawn twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import gradio as gr
from gradio.events import Dependency

from smile.ui.guard import sentence
from smile.ui.parts.components import ANNOUNCED, PLAIN, QUICK, stage

Query = Mapping[str, str]
Untold = str | tuple[str, str]  # a sentence; or a name and its value, which is no choice here
SEPARATOR = ";"  # between the values of one name
LONGEST = 200  # characters of a text
TOLD, MOST = 40, 8  # characters of a value, and values, that are told
NOT_OFFERED = 'The address asks for "{}": that is no choice here, and what is usual is shown.'
REMEMBER = "(...values) => window.smileRemember({written}, values, {later})"
RESTORED = "() => window.smileRestored({})"


class Kept(NamedTuple):
    """What a tab keeps in the address, and what it makes of one."""

    tab: str
    fields: Mapping[str, Any]  # components by their names in the address
    restore: Callable[[Query], Sequence[Any]]  # values of the outputs; what is not named is skipped
    outputs: Sequence[Any]
    untold: Callable[[Query], Iterable[Untold]]  # what it asks for and cannot be shown
    usual: Any = None  # a JSON of the defaults that are known only later, by name
    follows: Sequence[str] = ()  # names that go by the address's pool, so that it needs them beside one


class Address:
    """The tabs of a page that keep something in its address."""

    def __init__(self) -> None:
        self._kept: list[Kept] = []
        self.notice = gr.HTML("", elem_id="address-told", js_on_load=ANNOUNCED, **PLAIN)
        self.query = gr.State()  # that the page was opened with

    def keep(self, kept: Kept) -> None:
        """Note what a tab keeps."""
        self._kept.append(kept)

    def connect(self, page: gr.Blocks, tabs: gr.Tabs) -> Dependency:
        """Let the address restore all that is kept, in one request, and follow it; return that request."""
        kept, there = list(self._kept), {str(tab.id) for tab in tabs.children if isinstance(tab, gr.Tab)}

        def read(request: gr.Request) -> list[Any]:
            query = first_of_each(request.query_params.multi_items())
            return [query, *restored(kept, query, there)]

        outputs = [self.query, self.notice, *(output for one in kept for output in one.outputs)]
        names = json.dumps({one.tab: list(one.fields) for one in kept})
        opened = page.load(read, outputs=outputs, **QUICK)
        opened.then(js=RESTORED.format(names))
        for one in kept:
            _remember(one)
        return opened


def first_of_each(items: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return the first value of each name of a query, which is the one that the script knows."""
    return dict(reversed(items))


def _remember(kept: Kept) -> None:
    """Let the page's script write the tab's values as they change."""
    components, later = list(kept.fields.values()), [] if kept.usual is None else [kept.usual]
    written = {
        "tab": kept.tab,
        "names": list(kept.fields),
        "defaults": [component.value for component in components],
        "follows": list(kept.follows),
    }
    gr.on(
        [component.change for component in (*components, *later)],
        inputs=[*components, *later],
        js=REMEMBER.format(written=json.dumps(written), later=len(later)),
    )


def restored(tabs: Iterable[Kept], query: Query, there: Collection[str]) -> list[Any]:
    """Return the notice, and the values of all tabs' outputs, for a query; no value of it raises an error.

    `there` are the names of the page's tabs.
    """
    untold: list[Untold] = [("tab", query["tab"])] if query.get("tab") not in (None, *there) else []
    values: list[Any] = []
    for kept in tabs:
        try:
            untold += kept.untold(query)
            values += checked(kept, query)
        except Exception as error:
            untold.append(sentence(error, "Reading the address"))
            values += [gr.skip()] * len(kept.outputs)
    return [stage(in_words(untold), "error") if untold else gr.skip(), *values]


def in_words(untold: Iterable[Untold]) -> str:
    """Return sentences, each once, then one about all the names and values that are no choice."""
    each = dict.fromkeys(untold)
    refused = [f"{one[0]}={one[1][:TOLD]}" for one in each if isinstance(one, tuple)][:MOST]
    sentences = [one for one in each if isinstance(one, str)]
    return " ".join([*sentences, *([NOT_OFFERED.format(", ".join(refused))] if refused else [])])


def checked(kept: Kept, query: Query) -> list[Any]:
    """Return what a tab makes of a query, a value for each of its outputs."""
    return [value for _, value in zip(kept.outputs, kept.restore(query), strict=True)]


def read(fields: Mapping[str, Any], query: Query) -> dict[str, Any]:
    """Return the values in a query that the components of these names offer; others are left out."""
    asked = {name: value_of(component, query[name]) for name, component in fields.items() if name in query}
    return {name: value for name, value in asked.items() if value is not None}


def unoffered(fields: Mapping[str, Any], query: Query) -> list[Untold]:
    """Return the names and values of a query that the components of these names do not offer."""
    taken = read(fields, query)
    return [(name, query[name]) for name in fields if name in query and name not in taken]


def value_of(component: Any, text: str) -> Any:
    """Return the value that a text in an address stands for; None for what the component does not offer."""
    if isinstance(component, gr.Checkbox):
        return {"true": True, "false": False}.get(text)
    if isinstance(component, gr.Slider):
        return _number(component, text)
    if isinstance(component, gr.Textbox):
        return text[:LONGEST]
    known = {str(value): value for _, value in component.choices}
    if isinstance(component, gr.CheckboxGroup) or getattr(component, "multiselect", False):
        values = listed(text)
        return [known[one] for one in values] if all(one in known for one in values) else None
    return known.get(text)


def listed(text: str) -> list[str]:
    """Return the values of a name that may have several, each once."""
    return list(dict.fromkeys(filter(None, text.split(SEPARATOR))))


def _number(slider: gr.Slider, text: str) -> int | None:
    """A whole number that a slider goes to."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
    return number if number is not None and slider.minimum <= number <= slider.maximum else None
