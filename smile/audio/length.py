"""How long a recording is, without decoding it: what its header states."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import soundfile

from smile.audio.formats import CONTAINERS


def stated_seconds(path: Path) -> float | None:
    """Return the seconds that a file's header states, which may be wrong; None where it states none."""
    with (
        suppress(soundfile.SoundFileError, OSError),
        path.open("rb", buffering=0) as file,
        soundfile.SoundFile(file.fileno(), closefd=False) as sound,
    ):
        return sound.frames / sound.samplerate if sound.frames > 0 else None
    return _of_container(path)


def _of_container(path: Path) -> float | None:
    import av

    options = {"format_whitelist": CONTAINERS, "protocol_whitelist": "file"}
    with (
        suppress(av.FFmpegError, OSError),
        av.open(str(path.absolute()), options=options, metadata_errors="replace") as container,
    ):
        return container.duration / 1e6 if container.duration else None
    return None
