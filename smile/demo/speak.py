"""eSpeak NG as a subprocess: text in, samples out."""

from __future__ import annotations

import io
import subprocess
import unicodedata

import numpy as np

from smile.audio.io import from_array
from smile.datatypes import SAMPLE_RATE, Samples, SmileError

PROGRAM = "espeak-ng"
PEAK = 0.7
EDGE = 0.1  # seconds of silence kept before and after the speech
SILENT = 0.01  # of full scale: nothing below is speech


def run(*arguments: str, text: str = "") -> bytes:
    """Return what eSpeak NG prints; raise a SmileError where it is missing or fails."""
    try:
        done = subprocess.run([PROGRAM, *arguments], input=text.encode(), capture_output=True, check=True)
    except FileNotFoundError as error:
        raise SmileError(f"{PROGRAM} is missing: install Debian's package {PROGRAM}.") from error
    except subprocess.CalledProcessError as error:
        raise SmileError(f"{PROGRAM} failed: {error.stderr.decode().strip()}") from error
    return done.stdout


def version() -> str:
    """Return the version of eSpeak NG, such as "1.51"."""
    return run("--version").decode().split(":")[1].split()[0]


def readable(text: str) -> str:
    """Return the text as the voices take it: Cherokee letters by the syllables of their Unicode names.

    eSpeak NG's Cherokee voice reads the romanised language and is silent for the syllabary.
    """
    return "".join(cherokee_syllable(char) for char in text)


def cherokee_syllable(char: str) -> str:
    """Return a Cherokee letter's syllable in lower case ("gwa" for QUA); any other character unchanged."""
    name = unicodedata.name(char, "")
    return name.split()[-1].lower().replace("qu", "gw") if name.startswith("CHEROKEE LETTER ") else char


def speaks(text: str, voice: str) -> bool:
    """Return whether the voice reads the text as words of its own language.

    eSpeak NG marks a change to English by the language's name in parentheses, and a letter that it
    can only spell by "_|".
    """
    phonemes = run("-q", "-x", "-v", voice, text=readable(text)).decode().strip()
    return bool(phonemes) and "(" not in phonemes and "_|" not in phonemes


def speak(text: str, voice: str, rate: int, pitch: int) -> Samples:
    """Speak the text by a voice such as "ga+f2": peak 0.7, a tenth of a second of silence around it."""
    import soundfile

    wave = run("-v", voice, "-s", str(rate), "-p", str(pitch), "--stdout", text=readable(text))
    samples = from_array(*soundfile.read(io.BytesIO(wave), dtype="float32"))
    loud = np.flatnonzero(np.abs(samples) > SILENT)
    if not loud.size:
        raise SmileError(f"{PROGRAM}'s voice {voice} is silent for {text!r}: check its spelling.")
    speech = samples[loud[0] : loud[-1] + 1] * (PEAK / np.abs(samples).max())
    return np.pad(speech, round(EDGE * SAMPLE_RATE)).astype(np.float32)
