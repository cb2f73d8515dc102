"""Whether what is fitted to the pool helps: its acoustic model, alone and together with the decoder."""

from __future__ import annotations

from smile.results import labels
from smile.results.evidence import Evidence
from smile.results.findings.told import Answer, told, verdict
from smile.results.wording import change


def acoustic(evidence: Evidence) -> Answer | None:
    """Tell what the pool's acoustic model does alone, against examples."""
    return _between(evidence, "acoustic", "context")


def combined(evidence: Evidence) -> Answer | None:
    """Tell what acoustic model and decoder do together, against the acoustic model alone."""
    return _between(evidence, "combined", "acoustic")


def _between(evidence: Evidence, level: str, other: str) -> Answer | None:
    """Compare two levels whose settings are the same otherwise; only what `combined` reads has a share."""
    for ours, theirs, _ in labels.matched_pairs(evidence.facts, "level", level, other, ("acoustic_share",)):
        if pair := evidence.pair(ours, theirs):
            return f"{verdict(pair)} {told(pair, ours, theirs, evidence)}", change(pair.reduction)
    return None
