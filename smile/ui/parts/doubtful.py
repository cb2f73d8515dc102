"""The way to the next doubtful word: what shades mean, a button, and a key."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from smile.datatypes import Span
from smile.ui.parts.words import DOUBTFUL, SHADES, percent

LEGEND = Markup(
    '<div class="doubts"><p class="note">How likely each word is right: {shades}</p>'
    '<button type="button" class="next-doubt" aria-keyshortcuts="N Alt+N"{off}>Next doubtful word '
    "<kbd>n</kbd></button>"
    '<p class="doubt-at" role="status" aria-live="polite"></p></div>'
)
NEXT = """
const told = (text) => { element.querySelector(".doubt-at").textContent = text; };
const step = (by) => {
  const all = [...element.querySelectorAll(".doubt[data-sure]")];
  if (!all.length) return told("No word is doubtful.");
  const at = all.findIndex((word) => word.classList.contains("at"));
  const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : (at + by + all.length) % all.length;
  all.forEach((word, number) => word.classList.toggle("at", number === next));
  const word = all[next];
  const row = word.closest("button");
  if (!row) word.tabIndex = -1;
  (row ?? word).focus({ preventScroll: true });
  word.scrollIntoView({ block: "nearest", inline: "nearest" });
  const text = word.firstChild.textContent.trim();
  const more = row ? " Enter opens its transcript." : "";
  told(`${text}: ${word.dataset.sure} % sure, ${next + 1} of ${all.length}.${more}`);
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


def legend(words: Iterable[Span]) -> Markup:
    """Return what shades mean, and the button to the next doubtful word; nothing where no word is shaded."""
    sure = [percent(word.confidence) for word in words if word.confidence is not None]
    if not sure:
        return Markup()
    return LEGEND.format(shades=SHADES, off="" if min(sure) < DOUBTFUL else Markup(" disabled"))
