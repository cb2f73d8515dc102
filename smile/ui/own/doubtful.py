"""How sure each word of a transcript is: shades, numbers, and the way to the next doubtful word."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from smile.datatypes import Span
from smile.own.transcripts import Part
from smile.ui.parts.words import DOUBTFUL, SHADES, marked, percent

LEGEND = Markup(
    '<div class="doubts"><p class="note">How likely each word is right: {shades}</p>'
    '<button type="button" class="next-doubt" aria-keyshortcuts="N Alt+N"{off}>Next doubtful word '
    "<kbd>n</kbd></button>"
    '<p class="doubt-at" role="status" aria-live="polite"></p></div>'
)
NEXT = """
const told = (text) => { element.querySelector(".doubt-at").textContent = text; };
const step = (by) => {
  const all = [...element.querySelectorAll("table .doubt")];
  if (!all.length) return told("No word is doubtful.");
  const at = all.findIndex((word) => word.classList.contains("at"));
  const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : (at + by + all.length) % all.length;
  all.forEach((word, number) => word.classList.toggle("at", number === next));
  const word = all[next];
  word.closest("button").focus({ preventScroll: true });
  word.scrollIntoView({ block: "nearest", inline: "nearest" });
  const text = word.firstChild.textContent.trim();
  told(`${text}: ${word.dataset.sure} % sure, ${next + 1} of ${all.length}. Enter opens its transcript.`);
};
element.addEventListener("click", ({ target }) => { if (target.closest(".next-doubt")) step(1); });
const shown = () => element.offsetParent !== null && element.querySelector(".next-doubt");
document.addEventListener("keydown", (event) => {
  if (event.code !== "KeyN" || event.ctrlKey || event.metaKey || !shown()) return;
  if (event.target.closest("input, textarea, [contenteditable]")) return;  // where it may write a letter
  const inside = element.contains(event.target);
  if (!event.altKey && !inside) return;
  event.preventDefault();
  step(event.shiftKey ? -1 : 1);
});
"""


def judged(part: Part) -> list[Span]:
    """Return the words of a transcript that have a confidence; none of one that a person wrote."""
    return [] if part.corrected is not None else [w for w in part.words if w.confidence is not None]


def said(part: Part) -> str:
    """Return how sure a transcript is, where that is calibrated, or else the model's own probability."""
    if part.confidence is not None:
        return f"{percent(part.confidence)} % sure"
    return "" if part.probability is None else f"model's probability {percent(part.probability)} %"


def legend(parts: Iterable[Part]) -> Markup:
    """Return what shades mean, and the button to the next doubtful word; nothing where no word has any."""
    words = [word for part in parts for word in judged(part)]
    if not words:
        return Markup()
    doubtful = any(percent(word.confidence or 0.0) < DOUBTFUL for word in words)
    return LEGEND.format(shades=SHADES, off="" if doubtful else Markup(" disabled"))


def shaded(part: Part) -> Markup | str:
    """Return the text of a part with its words shaded; as it is where none has a confidence."""
    return marked(part.text, judged(part))
