"""The findings as HTML."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from smile.results.findings import Finding

FINDING = Markup('<li class="finding{kind}"><h4>{question}</h4><p>{figure}{answer}</p></li>')
FIGURE = Markup("<b>{}</b> ")
PANEL = Markup(
    '<section class="findings"><p class="note">Answers to the open questions of the paper, made from the '
    "rows; <code>smile results findings</code> prints the same. CER after the normaliser plain, without "
    "training languages, whatever is chosen above. A change is clear where its 95 % bootstrap interval "
    "leaves 0 out.</p><ul>{}</ul></section>"
)


def panel(findings: Sequence[Finding]) -> str:
    """Return every question with its answer as HTML; those that were not measured last."""
    known = sorted(findings, key=lambda finding: not finding.figure)
    return PANEL.format(Markup().join(_finding(finding) for finding in known))


def _finding(finding: Finding) -> Markup:
    return FINDING.format(
        kind="" if finding.figure else " missing",
        question=finding.question,
        figure=FIGURE.format(finding.figure) if finding.figure else "",
        answer=finding.answer,
    )
