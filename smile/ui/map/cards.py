"""The query, its neighbours and the trust figures as HTML. Every text is escaped by `Markup.format`."""

from __future__ import annotations

from markupsafe import Markup

from smile.maps.placement import Trust
from smile.text.languages import language
from smile.ui.map.atlas import Nearest, Points, Query
from smile.ui.parts.neighbours import NEIGHBOUR, SYNTHETIC, player
from smile.ui.sounds import Address

RECORDING = "Your recording"
NO_TEXT = Markup('<span class="quiet">Text and recording are not on this server.</span>')
GROUP = Markup(
    '<section class="neighbours {kind}"><h3>{title} {badge}</h3><ol data-ids="{ids}">{cards}</ol></section>'
)
ASK = Markup('<button type="button" data-index="{index}">Make it the query</button>')
EXPLAIN = Markup('<button type="button" data-rank="{rank}" aria-pressed="{pressed}">Why is it near?</button>')
REMARK = Markup('<p class="meta">{}</p>')
TRUSTWORTHY = "1: all that lie near on the map are near by KL"
CONTINUOUS = "1: all that are near by KL lie near on the map"
SHARE = "Mean share of a point's {0} nearest by KL that are among its {0} nearest on the map"
SILHOUETTE = "How far apart languages lie, from -1 to 1: on the map, and by Jensen-Shannon divergence"
FIGURE = Markup('<div title="{title}"><dt>{name}</dt><dd>{value}</dd></div>')
TRUST = Markup(
    '<section class="trust"><p><b>Distance on this map is not KL.</b> Neighbours are found by KL in the 512 '
    "dimensions of Whisper's states; the map is a sketch of that space. How far it can be trusted:</p>"
    '<dl class="facts">{figures}</dl></section>'
)


def trust_block(trust: Trust) -> str:
    """Return the trust figures of a layout as HTML."""
    k = trust.neighbours
    rows = [
        ("Trustworthiness", f"{trust.trustworthiness:.3f}", TRUSTWORTHY),
        ("Continuity", f"{trust.continuity:.3f}", CONTINUOUS),
        (f"Of the {k} nearest by KL", f"{100 * trust.share:.0f}\u00a0% near here too", SHARE.format(k)),
    ]
    if trust.silhouette is not None and trust.silhouette_truth is not None:
        shown = f"{trust.silhouette:.2f} here, {trust.silhouette_truth:.2f} in truth"
        rows.append(("Silhouette by language", shown, SILHOUETTE))
    figures = Markup().join(FIGURE.format(name=name, value=value, title=title) for name, value, title in rows)
    return TRUST.format(figures=figures)


def query_card(points: Points, query: Query, address: Address, play: bool) -> str:
    """Return the query as HTML, with its player, which with `play` begins at once."""
    index = points.find(query)
    card = NEIGHBOUR.format(
        title="The query",
        rank="★",
        text=query.text or (NO_TEXT if query.id else RECORDING),
        meta=_meta(query, _speaker(points, index)),
        player=player(address(query.audio), "The query", play) if query.audio else "",
        below=REMARK.format(query.remark) if query.remark else "",
    )
    badge = _badge(points, index)
    return GROUP.format(kind="query", title="The query", badge=badge, ids=query.id, cards=card)


def neighbour_cards(points: Points, nearest: Nearest, why: int, address: Address) -> str:
    """Return a query's neighbours as HTML, nearest first; `why` is the rank of the one explained."""
    cards = Markup().join(
        _card(points, nearest, rank, why, address) for rank in range(1, len(nearest.indices) + 1)
    )
    ids = " ".join(points.map.ids[i] for i in nearest.indices)
    return GROUP.format(kind="near", title="Its neighbours by KL", badge="", ids=ids, cards=cards)


def _card(points: Points, nearest: Nearest, rank: int, why: int, address: Address) -> Markup:
    """Return the card of the neighbour of a rank; that of rank `why` is explained."""
    index, distance = nearest.indices[rank - 1], nearest.distances[rank - 1]
    query, pressed = points.query(index), "true" if rank == why else "false"
    explain = "" if nearest.row is None else EXPLAIN.format(rank=rank, pressed=pressed)
    return NEIGHBOUR.format(
        title="Rank by KL among all points",
        rank=rank,
        text=query.text or NO_TEXT,
        meta=f"KL {distance:.4g} · {_meta(query, _speaker(points, index))}",
        player=player(address(query.audio), f"Neighbour {rank}") if query.audio else "",
        below=Markup('<p class="actions">{}{}</p>').format(explain, ASK.format(index=index)),
    )


def _meta(query: Query, speaker: str) -> str:
    known = language(query.language)
    name = f"{known.name or known.code} ({known.code})" if query.language else ""
    parts = [
        name,
        f"{query.seconds:.1f} s" if query.seconds else "",
        f"speaker {speaker}" if speaker else "",
        query.id,
    ]
    return " · ".join(filter(None, parts))


def _speaker(points: Points, index: int | None) -> str:
    utterance = points.utterances[index] if index is not None else None
    return utterance.speaker if utterance else ""


def _badge(points: Points, index: int | None) -> Markup:
    synthetic = index is not None and points.map.entry.members[points.members[index]].synthetic
    return SYNTHETIC if synthetic else Markup()
