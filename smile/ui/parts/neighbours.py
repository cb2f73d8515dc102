"""Examples as items of a list, with a player each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from markupsafe import Markup

from smile.ui.parts.terms import term

if TYPE_CHECKING:
    from smile.datatypes import Neighbour
    from smile.ui.sounds import Address

SYNTHETIC = Markup('<span class="badge" title="Spoken by a speech synthesiser">synthetic voice</span>')
NEIGHBOUR = Markup(
    '<li class="neighbour"><span class="rank" title="{title}">{rank}</span>'
    '<div><p class="text" dir="auto">{text}</p><p class="meta">{meta}</p>{player}{below}</div></li>'
)
PLAYER = Markup('<audio controls preload="none" src="{source}" aria-label="{name}"{autoplay}></audio>')


def listed(neighbours: Iterable[Neighbour], measure: str, address: Address) -> Markup:
    """Return examples as items of a list; `measure` is what their distances are measured in."""
    return Markup().join(_neighbour(n, measure, address) for n in neighbours)


def _neighbour(neighbour: Neighbour, measure: str, address: Address) -> Markup:
    utterance = neighbour.utterance
    far = Markup("{} {:.4g}").format(term("distance", "divergence", measure), neighbour.distance)
    meta = [far, f"{utterance.seconds:.1f} s"]
    meta += [f"speaker {utterance.speaker}"] if utterance.speaker else []
    return NEIGHBOUR.format(
        title="Rank by distance in the whole pool",
        rank=neighbour.rank,
        text=utterance.text,
        meta=Markup(" · ").join(meta),
        player=player(address(utterance.audio), f"Example {neighbour.rank}"),
        below="",
    )


def player(source: str, name: str, autoplay: bool = False) -> Markup:
    """Return a player of a recording; `name` is read to those who do not see it."""
    return PLAYER.format(source=source, name=name, autoplay=Markup(" autoplay") if autoplay else "")


def left_out(count: int) -> Markup:
    """Return a sentence for the examples that did not fit, empty where all did."""
    if count == 0:
        return Markup()
    examples = "1 farther example" if count == 1 else f"{count} farther examples"
    return Markup('<p class="note">{} did not fit into the 30 s window.</p>').format(examples)
