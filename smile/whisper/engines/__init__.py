"""Engines that run Whisper behind one protocol, `smile.datatypes.Recognizer`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from ctypes import CDLL
from dataclasses import replace
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, cast

from smile.datatypes import EncoderId, Recognizer, RecognizerInfo, SmileError
from smile.whisper.engines import zero

if TYPE_CHECKING:
    from smile.util.workers import Placement
    from smile.whisper.adapters import Adapter
    from smile.whisper.engines.hf import HfRecognizer
    from smile.whisper.tensors import State
    from smile.whisper.weights import Base

ENGINES = ("lean", "hf")
GPU_LANES = 16  # clips or conditions whose steps a GPU does together


def load_recognizer(
    base: Base,
    *,
    engine: str = "lean",
    precision: str = "auto",
    adapter: Path | None = None,
    device: str = "cpu",
    sibling: Recognizer | None = None,
) -> Recognizer:
    """Load Whisper, with an adapter folder applied where one is given.

    Precision "auto" is int8 for the lean engine on a CPU that has it, else float32. `sibling` is the same
    base in the same precision, where it is loaded already: what both have in common is made once.

    Raises:
        SmileError: an unknown engine or precision, or an adapter that does not fit.
    """
    from smile.whisper.adapters import load, merge

    if engine not in ENGINES:
        raise SmileError(f'There is no engine "{engine}"; choose one of {", ".join(ENGINES)}.')
    loaded = load(adapter) if adapter else None
    state = base.state()
    info = RecognizerInfo(
        engine=engine,
        precision=precision_of(engine, precision, device),
        encoder=_encoder_id(base.name, state, loaded, sibling),
        adapter=loaded.name if loaded else "",
        adapter_hash=loaded.sha256[:12] if loaded else "",
        trained_on=loaded.trained_on if loaded else "",
        device=device,
        encoding=loaded.encoding if loaded else "concatenated",
    )
    if engine == "hf":
        from smile.whisper.engines.hf import HfRecognizer

        recognizer = HfRecognizer(state, base.config, info, adapter)
        return _on_gpu(recognizer) if device.startswith("cuda") else recognizer
    from smile.whisper.engines.lean import LeanRecognizer

    lean = sibling if isinstance(sibling, LeanRecognizer) else None
    return LeanRecognizer(merge(state, loaded) if loaded else state, base.config, info, lean)


def _on_gpu(recognizer: HfRecognizer) -> Recognizer:
    """A recognizer for a GPU: lent a call at a time on ZeroGPU, else shared by threads."""
    if zero.present():
        return zero.leased(recognizer)
    from smile.whisper.engines.batched import BatchedRecognizer

    return BatchedRecognizer(recognizer)


@contextmanager
def one_thread() -> Iterator[None]:
    """Let this process compute in one thread, so that sums do not depend on the number of cores.

    That holds for torch and for numpy's BLAS, whose last bits would change int8's rounding. Several threads
    may be within at once; the last one to leave puts back what was.
    """
    with _ALONE:
        yield


class _Alone:
    """How many threads are within `one_thread`, and what ends it."""

    def __init__(self) -> None:
        self._lock, self._within, self._stack = Lock(), 0, ExitStack()

    def __enter__(self) -> None:
        import torch
        from threadpoolctl import threadpool_limits

        with self._lock:
            if not self._within:
                self._stack.callback(torch.set_num_threads, torch.get_num_threads())
                torch.set_num_threads(1)
                self._stack.enter_context(threadpool_limits(1))
            self._within += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._within -= 1
            if not self._within:
                self._stack.close()


_ALONE = _Alone()


def clips_at_a_time(device: str) -> int:
    """Return how many clips to work on side by side: as many as torch has threads, or as a GPU takes."""
    import torch

    return torch.get_num_threads() if device == "cpu" else GPU_LANES


def own_device(info: RecognizerInfo) -> str:
    """Return where this process itself computes beside an engine: on ZeroGPU only the engine has the GPU."""
    return "cpu" if zero.present() else info.device


def gpu_name() -> str:
    """Return the name of the GPU that torch computes on as "cuda"; empty where there is none."""
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else ""


def with_lanes(placement: Placement, device: str) -> Placement:
    """Return a placement in which one process that has a GPU does as many tasks at a time as that takes."""
    return replace(placement, lanes=GPU_LANES) if placement.here and device.startswith("cuda") else placement


def compute_alone() -> None:
    """Make this thread compute without helpers from here on; other threads keep theirs.

    Threads that work side by side, one clip each, get more done than the helpers of one clip, and the
    same numbers.
    """
    import torch
    from threadpoolctl import threadpool_limits

    torch.get_num_threads()  # torch sets a new thread's helpers up when it is first asked, MKL's too
    threadpool_limits(1, user_api="openmp")  # OpenMP's number is the thread's own
    if set_threads := _mkl():
        set_threads(1)  # the number that torch has told it goes before OpenMP's


@cache
def _mkl() -> Callable[[int], int] | None:
    """What tells MKL how many threads it computes with for the thread that calls; torch may be without it."""
    import torch

    library = Path(torch.__file__).parent / "lib" / "libtorch_cpu.so"
    try:
        return cast("Callable[[int], int]", CDLL(str(library)).MKL_Set_Num_Threads_Local)
    except (OSError, AttributeError):
        return None


def precision_of(engine: str, precision: str, device: str) -> str:
    """Return the precision that an engine computes in on this machine; only "auto" is chosen."""
    if precision != "auto":
        return precision
    if engine == "hf" or device != "cpu":
        return "float32"
    from smile.whisper.engines.lean import int8_works

    return "int8" if int8_works() else "float32"


def _encoder_id(name: str, state: State, adapter: Adapter | None, sibling: Recognizer | None) -> EncoderId:
    changed = adapter.sha256[:12] if adapter and adapter.changes_encoder else ""
    return EncoderId(name, sibling.info.encoder.weights if sibling else fingerprint(state), changed)


def fingerprint(state: State) -> str:
    """Return 12 hex digits of the SHA-256 of the encoder's values in float16, in the order of their names.

    It is the same wherever the weights came from: OpenAI published float16, which the hub's float32
    files and the packages hold alike.
    """
    digest = hashlib.sha256()
    for name in sorted(n for n in state if n.startswith("model.encoder.")):
        digest.update(state[name].astype("<f2").tobytes())
    return digest.hexdigest()[:12]
