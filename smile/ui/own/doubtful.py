"""How sure each word of a transcript is: shades, numbers, and the way to the next doubtful word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup

from smile.datatypes import Span
from smile.own.transcripts import Part

DOUBTFUL, FAIR = 50, 80  # percent, as they are shown, below which a word is doubtful, and fair
WORD = Markup('<span class="word" title="{percent} % sure">{text}</span>')
FAIR_WORD = Markup('<span class="word fair" title="{percent} % sure">{text}</span>')
DOUBT = Markup(
    '<mark class="word doubt" title="{percent} % sure" data-sure="{percent}">{text}'
    '<span class="unseen"> ({percent} % sure)</span></mark>'
)
LEGEND = Markup(
    '<div class="doubts"><p class="note">How likely each word is right: '
    '<span class="word fair">50 to 79 %</span>, <mark class="word doubt">less than 50 %</mark>; '
    "point at a word for its number.</p>"
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


def percent(share: float) -> int:
    """Return a share in percent as the page shows it, and as it tells doubtful words from others."""
    return round(100 * share)


def legend(parts: Iterable[Part]) -> Markup:
    """Return what shades mean, and the button to the next doubtful word; nothing where no word has any."""
    words = [word for part in parts for word in judged(part)]
    if not words:
        return Markup()
    doubtful = any(percent(word.confidence or 0.0) < DOUBTFUL for word in words)
    return LEGEND.format(off="" if doubtful else Markup(" disabled"))


def shaded(part: Part) -> Markup | str:
    """Return the text of a part with its words shaded; as it is where none has a confidence."""
    return _marked(part.text, judged(part))


def _marked(text: str, words: Sequence[Span]) -> Markup | str:
    """The words in a text, each after the one before; one that is not there is passed over."""
    if not words:
        return text
    made, at = Markup(), 0
    for word in words:
        begins = text.find(word.text, at)
        if begins >= 0:
            end = begins + len(word.text)
            made += Markup("{}{}").format(text[at:begins], _word(word))
            at = end
    return made + Markup("{}").format(text[at:])


def _word(word: Span) -> Markup:
    sure = percent(word.confidence or 0.0)
    kind = DOUBT if sure < DOUBTFUL else FAIR_WORD if sure < FAIR else WORD
    return kind.format(text=word.text, percent=sure)
