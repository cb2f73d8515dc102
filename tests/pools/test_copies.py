"""Copies are known by their sound, whatever their name and coding; other clips are not taken for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from smile.audio.io import read_audio
from smile.datatypes import SAMPLE_RATE, Language, Samples, Utterance
from smile.pools.copies import ALIKE, copies, fingerprint, group_of, likeness, same_texts, told
from smile.pools.pool import Header, Pool, open_pool
from smile.pools.subsets import drop
from tests.conftest import POOLS

PCM = ("pcm_s16le", "wav", 8000)


def coded(samples: Samples, path: Path, codec: str, container: str, rate: int) -> None:
    """Write samples by PyAV: MP3 at 32 kbit/s, or a wave of another sampling rate."""
    values = (np.clip(samples, -1, 1) * 32767).astype(np.int16)[None]
    frame = av.AudioFrame.from_ndarray(values, format="s16", layout="mono")
    frame.rate = SAMPLE_RATE
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate, layout="mono")
        stream.bit_rate = 32_000
        fifo = av.AudioFifo()
        resampler = av.AudioResampler(format=stream.format, layout="mono", rate=rate)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            piece.pts = None
            fifo.write(piece)
        while piece := fifo.read(stream.codec_context.frame_size or 1024) or fifo.read():
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))


CODINGS: dict[str, Callable[[Samples, Path], None]] = {
    "same.wav": lambda s, path: soundfile.write(path, s, SAMPLE_RATE),
    "low.wav": lambda s, path: coded(s, path, *PCM),
    "x.mp3": lambda s, path: coded(s, path, "libmp3lame", "mp3", SAMPLE_RATE),
    "x.ogg": lambda s, path: soundfile.write(path, s, SAMPLE_RATE, format="OGG", subtype="VORBIS"),
    "soft.wav": lambda s, path: soundfile.write(path, s / 10, SAMPLE_RATE),
    "padded.wav": lambda s, path: soundfile.write(
        path, np.concatenate([np.zeros(600), s, np.zeros(500)]), SAMPLE_RATE
    ),
}


@pytest.fixture(scope="module")
def clips() -> Pool:
    """Twelve different clips of one voice."""
    pool = open_pool(POOLS / "gla")
    return replace(pool, utterances=pool.utterances[:12], embeddings=pool.embeddings[:12])


def with_copy(pool: Pool, index: int, path: Path, name: str = "copy", text: str = "") -> Pool:
    """The pool with a clip's recording once more; its embedding is near the first one's, as measured."""
    utterance = pool.utterances[index]
    seconds = len(read_audio(path)) / SAMPLE_RATE
    copy = replace(utterance, id=name, audio=path, seconds=seconds, text=text or utterance.text)
    noise = np.random.default_rng(0).normal(0, 0.03, pool.embeddings[index].shape)
    near = pool.embeddings[index] * (1 + noise).astype(np.float32)
    return replace(
        pool, utterances=(*pool.utterances, copy), embeddings=np.concatenate([pool.embeddings, near[None]])
    )


@pytest.mark.parametrize("name", CODINGS)
def test_a_copy_is_known_by_its_sound(clips: Pool, tmp_path: Path, name: str) -> None:
    CODINGS[name](read_audio(clips.utterances[3].audio), tmp_path / name)
    pool = with_copy(clips, 3, tmp_path / name)
    assert copies(pool) == ((3, 12),)
    assert (group_of(copies(pool), 12), group_of(copies(pool), 5)) == ((3, 12), (5,))


def test_other_clips_are_no_copies_even_where_their_embeddings_are_alike(clips: Pool) -> None:
    assert copies(clips) == ()
    near = np.tile(clips.embeddings[:1], (len(clips), 1))
    long = tuple(replace(u, seconds=2.0) for u in clips.utterances)
    assert copies(replace(clips, embeddings=near, utterances=long)) == ()
    marks = [fingerprint(read_audio(u.audio)) for u in clips.utterances]
    assert max(likeness(a, b) for i, a in enumerate(marks) for b in marks[:i]) < ALIKE


def test_all_copies_are_one_group_and_are_dropped_together(clips: Pool, tmp_path: Path) -> None:
    pool = clips
    for name in ("low.wav", "x.ogg", "soft.wav"):
        CODINGS[name](read_audio(clips.utterances[3].audio), tmp_path / name)
        pool = with_copy(pool, 3, tmp_path / name, name)
    assert copies(pool) == ((3, 12, 13, 14),)
    left = drop(pool, *group_of(copies(pool), 13))
    assert [u.id for u in left.utterances] == [u.id for i, u in enumerate(clips.utterances) if i != 3]
    np.testing.assert_array_equal(left.embeddings, np.delete(clips.embeddings, 3, axis=0))


def test_a_recording_that_is_gone_and_a_pool_without_embeddings_have_no_copies(tmp_path: Path) -> None:
    gone = tuple(Utterance(name, tmp_path / "gone.wav", "a", seconds=1.0) for name in "ab")
    bare = Pool(tmp_path, Header(Language("gla", "Gaelic")), gone, np.zeros((0, 0), np.float32))
    assert copies(bare) == ()
    assert copies(replace(bare, embeddings=np.ones((2, 4), np.float32))) == ()


def test_a_sentence_names_the_pair_and_counts_the_others(clips: Pool, tmp_path: Path) -> None:
    assert told(clips) == ()
    pool = clips
    for index in (3, 5):
        CODINGS["same.wav"](read_audio(clips.utterances[index].audio), tmp_path / f"{index}.wav")
        pool = with_copy(pool, index, tmp_path / f"{index}.wav", f"copy-{index}")
    third, sixth = clips.utterances[3].id, clips.utterances[5].id
    assert told(drop(pool, 13)) == (f'"{third}" and "copy-3" are the same recording; remove one of them.',)
    many = f'2 recordings are there more than once, such as "{third}" and "copy-3"; remove the copies.'
    assert told(pool) == (many,)
    assert told(pool, {"copy-5"}) == (f'"{sixth}" and "copy-5" are the same recording; remove one of them.',)
    assert told(pool, {clips.utterances[0].id}) == ()


def test_copies_with_different_texts_are_told_first(clips: Pool, tmp_path: Path) -> None:
    pool = clips
    for index, text in ((3, ""), (5, "something else")):
        CODINGS["same.wav"](read_audio(clips.utterances[index].audio), tmp_path / f"{index}.wav")
        pool = with_copy(pool, index, tmp_path / f"{index}.wav", f"copy-{index}", text)
    pair = f'"{clips.utterances[5].id}" and "copy-5" with different texts; remove'
    assert pair in told(pool)[0]


def test_one_text_of_two_sounds_is_told_and_one_of_copies_is_not(clips: Pool, tmp_path: Path) -> None:
    CODINGS["same.wav"](read_audio(clips.utterances[3].audio), tmp_path / "same.wav")
    pool = with_copy(clips, 3, tmp_path / "same.wav")
    assert same_texts(pool, copies(pool)) == frozenset()
    said = clips.utterances[0].text.upper() + "!"
    utterances = tuple(replace(u, text=said) if i == 7 else u for i, u in enumerate(clips.utterances))
    alike = replace(clips, utterances=utterances)
    assert same_texts(alike, copies(alike)) == {0, 7}
    assert told(alike)[0].startswith("2 clips have the very text of another;")
    assert told(alike, texts=False) == ()
