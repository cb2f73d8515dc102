"""What the rows say of the paper's open questions: a short answer to each, with its figure.

`findings` is a pure function of rows as `packing.load` gives them. A question without rows is "not
measured yet"; where something does not help, the answer says so. Training languages are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pandas as pd

from smile.results.evidence import Evidence
from smile.results.findings import helps, levels, retrieval
from smile.results.findings.told import Answer
from smile.results.tables import CER, Metric

NOT_MEASURED = "Not measured yet."


@dataclass(frozen=True)
class Finding:
    """A question, its answer in a few sentences, and the figure that the answer rests on."""

    question: str
    answer: str = NOT_MEASURED
    figure: str = ""


def findings(rows: pd.DataFrame, metric: Metric = CER) -> list[Finding]:
    """Return an answer to every question, in the order of reading."""
    return answered(Evidence.of(rows, metric))


def answered(evidence: Evidence) -> list[Finding]:
    """Return an answer to every question from evidence that has been made of rows."""
    answers = {question: ask(evidence) if len(evidence.rows) else None for question, ask in QUESTIONS.items()}
    return [Finding(question, *(answer or ())) for question, answer in answers.items()]


def as_markdown(report: Iterable[Finding]) -> str:
    """Return the findings as a Markdown document."""
    return "\n".join(
        f"### {one.question}\n\n{f'**{one.figure}** ' if one.figure else ''}{one.answer}\n" for one in report
    )


QUESTIONS: dict[str, Callable[[Evidence], Answer | None]] = {
    "Do examples of the language help Whisper?": helps.examples,
    "And against Whisper as it is, which may loop?": helps.uncontrolled,
    "Does meta-training help?": helps.training,
    "How many examples are best?": retrieval.shots,
    "And with the length of the audio held fixed?": retrieval.length,
    "Are the nearest examples better than random ones?": retrieval.nearest,
    "Is another distance better than KL?": retrieval.measures,
    "Does the spelling of Whisper's own draft find better ones?": retrieval.drafts,
    "How good could retrieval become?": retrieval.oracle,
    "Does a pool of less than 10 minutes do?": retrieval.pools,
    "What does retrieval cost?": retrieval.overhead,
    "Which language families gain?": helps.families,
    "Do languages that Whisper does not know gain more?": helps.known,
    "Does it have to be the language's own pool?": retrieval.wrong_pool,
    "Do token-level neighbours help?": helps.tokens,
    "Does it help to keep loops from beginning?": helps.loops,
    "Does an acoustic model fitted to the pool read better?": levels.acoustic,
    "And together with the decoder?": levels.combined,
    "Does it work where speakers switch between languages?": retrieval.switched,
}
