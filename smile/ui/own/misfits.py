"""The examples whose texts do not fit their sound as HTML, the worst first."""

from __future__ import annotations

from markupsafe import Markup

from smile.datatypes import Utterance
from smile.own import doubts
from smile.own.doubts import Doubt
from smile.own.workspace import Workspace
from smile.pools.pool import Pool
from smile.ui.own.view import HEAD, SCROLL, TABLE

ROW = Markup(
    '<tr><td><button type="button" class="pick-row" data-name="{name}" dir="auto">{text}</button>'
    '<p class="state">heard there: <bdi>{read}</bdi></p></td>'
    '<td><button type="button" data-name="{name}" data-right="1" '
    'aria-label="It is right: {plain}">It is right</button></td></tr>'
)
PLACE = Markup("{}<mark>{}</mark>{}")
MISSING = "\u2038"  # a caret, where something is missing in the text
NOTHING = "\u2013"
WHAT = Markup('<p class="note">{}</p>')
HELP = (
    "The texts that fit their sound worst, the worst first: click one to hear it, put it right or remove it; "
    "the place is marked."
)
PICK = """
element.addEventListener("click", ({ target }) => {
  const { name, right } = target.closest("[data-name]")?.dataset ?? {};
  if (name) trigger("pick", { name, right: right === "1" });
});
"""


def table(workspace: Workspace | None, pool: Pool | None) -> str:
    """Return the examples that the last look has named; nothing where there are none."""
    found = doubts.doubted(workspace, pool.utterances) if workspace and pool else []
    if not found:
        return Markup()
    rows = Markup().join(_row(utterance, doubt) for utterance, doubt in found)
    heads = Markup().join(map(HEAD.format, ("Text", "Judgement")))
    return WHAT.format(HELP) + SCROLL.format("Texts that may be wrong", TABLE.format(heads, rows))


def _row(utterance: Utterance, doubt: Doubt) -> Markup:
    before, there, after = (
        doubt.text[: doubt.start],
        doubt.text[doubt.start : doubt.end],
        doubt.text[doubt.end :],
    )
    text = PLACE.format(before, there or MISSING, after)
    return ROW.format(name=utterance.id, text=text, plain=doubt.text, read=doubt.read or NOTHING)
