"""Where figures come from: commit, weights, adapter, corpus, machine and command, as JSON beside the rows."""

from __future__ import annotations

import hashlib
import os
import shlex
import sys
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from smile.evaluation.rows import NAME, read_manifest
from smile.evaluation.runs import Job, targets
from smile.util.commit import commit
from smile.util.machine import machine
from smile.util.storage import write_json
from smile.whisper.adapters import load


def write_manifest(job: Job) -> None:
    """Write down a run; what earlier runs into the same folder were is kept."""
    runs = read_manifest(job.out)["runs"]
    conditions = {c.hash: {"name": c.name, **c.facts()} for c in job.conditions}
    known = read_manifest(job.out)["conditions"]
    manifest = {"conditions": {**known, **conditions}, "runs": [*runs, described(job)]}
    write_json(job.out / NAME, manifest, sort_keys=True)


def described(job: Job) -> dict[str, Any]:
    """Return what there is to say of a run."""
    adapter = job.model.get("adapter")
    loaded = load(adapter) if adapter else None
    return {
        "adapter": {"name": loaded.name, "sha256": loaded.sha256} if loaded else None,
        "command": command(),
        "commit": commit(),
        "corpora": {
            name: corpus_hash(job, name) for name in job.languages or job.corpus.languages(job.split)
        },
        "corpus": job.corpus.name,
        "id": job.id,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "limit": job.limit,
        "machine": machine(),
        "pool_split": job.pool_split,
        "seed": job.seed,
        "split": job.split,
    }


def corpus_hash(job: Job, name: str) -> str:
    """Return 12 hex digits over ids, texts and recordings of a language's targets and examples."""
    digest = hashlib.sha256()
    examples = [job.corpus.read(part, job.pool_split).utterances for part in name.split("+")]
    for utterance in chain(targets(job, name), *examples):
        digest.update(f"{utterance.id}\t{utterance.text}\n".encode())
        digest.update(hashlib.sha256(utterance.audio.read_bytes()).digest())
    return digest.hexdigest()[:12]


def command() -> str:
    """Return the command at hand, with paths by their last name only."""
    words = [Path(word).name if os.sep in word else word for word in sys.argv]
    return shlex.join(words)
