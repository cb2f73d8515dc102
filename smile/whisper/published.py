"""The default model as it is on the hub: the commit, and a digest of each file there."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from smile.datatypes import WeightsError

REVISION = "e37978b90ca9030d5170a5c07aadb050351a65bb"
WEIGHTS = "model.safetensors"
FILES = {
    "config.json": "a153c53883a6799b6f056b4a8d1a515c9926d03994682ba88a7616618d7da0c1",
    "generation_config.json": "444b3f636d2fff89dd9ecf549e2a085b61f7ff0fa0246d4628bac6a3b8cc9ba4",
    "tokenizer.json": "27fc476bfe7f17299480be2273fc0608e4d5a99aba2ab5dec5374b4482d1a566",
    WEIGHTS: "07cadb9f25677c8d50df603e66a98fbd842cce45047139baeb16e6219a1e807b",
}
"""SHA-256; the weights of the packages, written as safetensors in float32, have that of the hub's too."""


def check(snapshot: Path, weights: str) -> None:
    """Compare a snapshot's files with the published ones; `weights` is the digest of its weights.

    Raises:
        WeightsError: a file is missing, or another one.
    """
    for name, digest in FILES.items():
        path = snapshot / name
        actual = weights if name == WEIGHTS else sha256([path]) if path.is_file() else ""
        if actual != digest:
            raise WeightsError(
                f"{path} is not the file that OpenAI has published; delete {snapshot} and start again."
            )


def sha256(paths: Sequence[Path]) -> str:
    """Return the digest of files, one after the other."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
