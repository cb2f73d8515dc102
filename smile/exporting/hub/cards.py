"""Cards: the README.md of an adapter and of the rows on the Hub, with the metadata that the Hub reads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from smile.whisper import published, weights
from smile.whisper.adapters import Adapter

LICENCE = "apache-2.0"
ABSTRACT = "https://arxiv.org/abs/2409.10429"
RELATIVE = re.compile(r"\[([^\]]+)\]\((?!https?://)[^)]*\)")  # a link into the repository

MODEL = """
# SMILE adapter for {base}

A PEFT adapter ({kind}, {scope}) with which Whisper makes use of transcribed examples in front of a clip,
as in the paper on SMILE ([arXiv 2409.10429]({abstract})), of which this is an independent implementation.

| | |
|---|---|
| base | [{base}](https://huggingface.co/{base}){digest} |
| digest of the adapter (SHA-256 of weights and config) | `{sha256}` |
| trained on | {trained_on} |
| digest of the training data | {data} |
| made | {made} |
| licence | Apache-2.0 |

```python
from peft import PeftModel
from transformers import WhisperForConditionalGeneration

model = WhisperForConditionalGeneration.from_pretrained("{base}")
model = PeftModel.from_pretrained(model, "{repo}")
```

## Measured

{measured}

## What the paper reports

These figures are the paper's own. They were measured by its authors, with another adapter and on languages
that are not named there; nothing of them was measured here, and they cannot be compared with those above.

{paper}
{notes}"""

ROWS = """
# Measured rows of SMILE

One row is one test clip under one condition: what Whisper wrote, the edits to the reference, and the examples
that were in the prompt. Tables and figures are made of these rows by `smile results`. **There is no recording
and no reference text in them**, only counts; recordings stay with their corpora, under their own licences.

{parts}

## Columns

| column | type | meaning |
|---|---|---|
{columns}

`manifest.json` beside each file has the settings of conditions by their `hash`, and of each run its command,
commit, date, machine, adapter and digests of the corpora.

## Licence

Apache-2.0, for the rows. Hypotheses are written by a machine and hold errors; they are no transcripts.
"""


def model_card(repo: str, base: str, adapter: Adapter, measured: str, paper: str, notes: str) -> str:
    """Return the model card of an adapter.

    Args:
        measured: a Markdown table of this adapter's own rows, or a sentence that there are none.
        paper: the paper's figures, as Markdown.
        notes: what the makers of the adapter say of it, as Markdown; links into a repository are taken off.
    """
    from huggingface_hub import ModelCardData

    data = ModelCardData(
        base_model=base,
        language=_languages(adapter) or None,
        library_name="peft",
        license=LICENCE,
        metrics=["cer"],
        pipeline_tag="automatic-speech-recognition",
        tags=["whisper", "in-context-learning", "low-resource"],
        base_model_relation="adapter",
    )
    digest = published.FILES["model.safetensors"] if base == weights.DEFAULT else ""
    told = MODEL.format(
        repo=repo,
        base=base,
        digest=f", weights of SHA-256 `{digest}`" if digest else "",
        kind=_kind(adapter),
        scope="encoder and decoder" if adapter.changes_encoder else "the encoder is Whisper's own",
        sha256=adapter.sha256,
        trained_on=adapter.trained_on or "not said",
        data=_code(adapter.card.get("data", {}).get("sha256")),
        made=_made(adapter),
        abstract=ABSTRACT,
        measured=measured,
        paper=paper,
        notes=_notes(notes),
    )
    return f"---\n{data.to_yaml()}\n---\n{told}"


def rows_card(
    parts: Mapping[str, int], languages: Sequence[str], columns: Mapping[str, tuple[str, str]]
) -> str:
    """Return the data set card of rows.

    Args:
        parts: number of rows by configuration; the first is the default.
        languages: ISO 639-3 codes.
        columns: type and meaning of each column.
    """
    from huggingface_hub import DatasetCardData

    configs: list[dict[str, Any]] = [
        {"config_name": name, "data_files": [{"split": "test", "path": f"data/{name}/rows.parquet"}]}
        for name in parts
    ]
    configs[0]["default"] = True
    data = DatasetCardData(
        configs=configs,
        language=list(languages),
        license=LICENCE,
        pretty_name="Measured rows of SMILE",
        size_categories=_size(sum(parts.values())),
        tags=["whisper", "in-context-learning", "evaluation"],
        task_categories=["automatic-speech-recognition"],
    )
    told = ROWS.format(
        parts="\n".join(f"- `{name}`: {count:,} rows" for name, count in parts.items()),
        columns="\n".join(f"| `{name}` | {kind} | {what} |" for name, (kind, what) in columns.items()),
    )
    return f"---\n{data.to_yaml()}\n---\n{told}"


def _languages(adapter: Adapter) -> list[str]:
    return list(adapter.card.get("data", {}).get("minutes", {}))


def _kind(adapter: Adapter) -> str:
    name = {"LORA": "LoRA", "ADALORA": "AdaLoRA"}[str(adapter.config["peft_type"])]
    return f"{name} of rank {adapter.config.get('r') or adapter.config.get('target_r')}"


def _made(adapter: Adapter) -> str:
    date, commit = (adapter.card.get(key) for key in ("date", "commit"))
    return f"{date} at commit `{commit}`" if date and commit else "not said"


def _code(value: object) -> str:
    return f"`{value}`" if value else "not said"


def _notes(text: str) -> str:
    """Notes under a heading, their own headings lower than it, and links into a repository taken off."""
    if not text.strip():
        return ""
    lower = re.sub(r"^(#+ )", r"##\1", RELATIVE.sub(r"\1", text.strip()), flags=re.MULTILINE)
    return f"\n## Notes of its makers\n\n{lower}\n"


def _size(rows: int) -> str:
    """The Hub's name for a number of rows."""
    bounds = {1_000: "n<1K", 10_000: "1K<n<10K", 100_000: "10K<n<100K", 1_000_000: "100K<n<1M"}
    return next((name for bound, name in bounds.items() if rows < bound), "1M<n<10M")
