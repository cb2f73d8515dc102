"""Sound that comes in chunks, as a microphone gives it, brought to 16 kHz chunk by chunk."""

from __future__ import annotations

import numpy as np

from smile.datatypes import SAMPLE_RATE, AudioError, Samples

RATES = (8_000, 96_000)  # Hz of microphones


class Chunks:
    """What brings chunks of one recording to 16 kHz; between them it holds some milliseconds of sound.

    Args:
        rate: Hz of the chunks.

    Raises:
        AudioError: no microphone has such a rate.
    """

    def __init__(self, rate: int):
        if not RATES[0] <= rate <= RATES[1]:
            raise AudioError(f"A microphone's rate is from {RATES[0]} to {RATES[1]} Hz, not {rate}.")
        self.rate = rate
        if rate != SAMPLE_RATE:
            import av

            self._resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)

    def take(self, samples: Samples) -> Samples:
        """Return samples (n,) as (m,) at 16 kHz; the last milliseconds come with the next chunk."""
        if self.rate == SAMPLE_RATE or not len(samples):
            return samples
        import av

        frame = av.AudioFrame.from_ndarray(samples[None], format="flt", layout="mono")
        frame.sample_rate = self.rate
        pieces = [piece.to_ndarray()[0] for piece in self._resampler.resample(frame)]
        return np.concatenate([np.zeros(0, np.float32), *pieces])
