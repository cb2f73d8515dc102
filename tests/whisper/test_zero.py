"""On ZeroGPU the hf engine computes within calls that a stub of `spaces` decorates, to the same outcome."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.support.tiny import tiny_whisper

STUB = '''
"""As the package does it: a call runs in a forked process, what goes in and out is pickled."""
import functools, multiprocessing, os, pickle

CALLS, DURATIONS, IN_GPU, REFUSE = [], [], False, ""

def GPU(task=None, duration=None):
    if task is None:
        DURATIONS.append(duration)
        return functools.partial(GPU, duration=duration)
    def run(data, line):
        global IN_GPU
        IN_GPU = True
        args = pickle.loads(data)
        line.send(task(*args))
    def call(*args):
        CALLS.append(task.__name__)
        if REFUSE:
            raise RuntimeError(REFUSE)
        fork = multiprocessing.get_context("fork")
        ours, theirs = fork.Pipe()
        worker = fork.Process(target=run, args=(pickle.dumps(args), theirs), daemon=True)
        WORKERS.append(worker)
        worker.start()
        theirs.close()
        return ours.recv()
    return call

WORKERS = []
'''
BEGIN = """
import sys, time
import numpy as np, torch
torch.set_num_threads(1)
import spaces
from smile.datatypes import RecognizerInfo, EncoderId, SmileError
from smile.whisper import engines, weights
from smile.whisper.engines import hf, zero

base = weights.find(sys.argv[1])
plain = engines.load_recognizer(base, engine="hf")
made = hf.HfRecognizer

class OnlyOnGpu(made):  # a machine without a GPU: computes on the CPU, and only in a decorated call
    def __init__(self, state, config, info, adapter=None):
        super().__init__(state, config, RecognizerInfo("hf", "float32", info.encoder), adapter)
        self.info = info
    def encode_layers(self, *given):
        assert spaces.IN_GPU, "encoded without a GPU"
        return super().encode_layers(*given)
    def decoder(self, states):
        assert spaces.IN_GPU, "decoded without a GPU"
        return super().decoder(states)

hf.HfRecognizer = OnlyOnGpu
ours = engines.load_recognizer(base, engine="hf", device="cuda")
assert ours.info.device == "cuda"
features = np.random.default_rng(0).normal(size=(80, 1000)).astype(np.float32)
tokens = np.array([[50258, 50259, 50359]])

def decoded(recognizer, between=lambda: None):
    states, layers = recognizer.encode_layers(features, (1,))
    session = recognizer.decoder(states)
    between()
    seen = [states, layers, *session.step(tokens)]
    between()
    session.reorder(np.array([0, 0]))
    seen += session.step(np.array([[7], [8]]))
    session.attend(states[:100])
    between()
    seen += session.step(np.array([[9], [10]]))
    return [*seen, recognizer.logits(seen[-1][:, -1]), recognizer.encode(features)]

def anew():
    zero.IDLE = 3.0
    if zero.gpu()._lease:
        zero.gpu()._lease.close()
    spaces.CALLS.clear()
    spaces.WORKERS.clear()

def same(between=lambda: None):
    for wanted, found in zip(decoded(plain), decoded(ours, between), strict=True):
        np.testing.assert_array_equal(wanted, found)
"""
SAME = """
same()
assert spaces.CALLS == ["serve"], spaces.CALLS
assert spaces.DURATIONS == [60]
assert spaces.WORKERS[0].pid
"""
RENEWED = """
anew()
def lose():
    zero.gpu()._lease.close()
same(lose)
assert len(spaces.CALLS) == 4, spaces.CALLS
"""
KILLED = """
anew()
def kill():
    spaces.WORKERS[-1].kill()
    spaces.WORKERS[-1].join()
same(kill)
assert len(spaces.CALLS) == 4, spaces.CALLS
"""
GIVEN_BACK = """
anew()
zero.IDLE = 0.2
ours.encode(features)
for _ in range(100):
    if not spaces.WORKERS[0].is_alive():
        break
    time.sleep(0.05)
assert not spaces.WORKERS[0].is_alive()
ours.encode(features)
assert len(spaces.CALLS) == 2
"""
REFUSED = """
anew()
spaces.REFUSE = "<b>quota</b> exceeded"
try:
    ours.encode(features)
except SmileError as error:
    assert str(error) == "There is no GPU to be had now (quota exceeded); try again later.", error
else:
    raise AssertionError
try:
    spaces.REFUSE = ""
    ours.encode_layers(features, (9,))
except SmileError as error:
    assert "layer" in str(error)
else:
    raise AssertionError
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_whisper(tmp_path_factory.mktemp("tiny") / "whisper")


@pytest.fixture
def stub(tmp_path: Path) -> Path:
    (tmp_path / "spaces.py").write_text(STUB)
    return tmp_path


def run(code: str, stub: Path, *arguments: str | Path, zero: str = "true") -> None:
    """Run code in a fresh interpreter, with the stub where Python finds it."""
    given = {"PYTHONPATH": f"{stub}{os.pathsep}{ROOT}", "SPACES_ZERO_GPU": zero, "OMP_NUM_THREADS": "1"}
    line = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(
        line, cwd=stub, env={**os.environ, **given}, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_the_work_is_done_within_decorated_calls(stub: Path, model: Path) -> None:
    run(BEGIN + SAME + RENEWED + KILLED + GIVEN_BACK + REFUSED, stub, model)


def test_that_the_check_can_fail(stub: Path, model: Path) -> None:
    with pytest.raises(AssertionError, match="encoded without a GPU"):
        run(BEGIN + "zero.SERVED[0].encode(features)", stub, model)


@pytest.mark.parametrize(("device", "zero"), [("cpu", "true"), ("cuda", "")])
def test_elsewhere_nothing_changes_and_the_package_is_not_imported(
    device: str, zero: str, stub: Path, model: Path
) -> None:
    code = BEGIN.replace("import spaces\n", "").partition("hf.HfRecognizer = OnlyOnGpu")[0]
    code = (
        code.partition("class OnlyOnGpu")[0]
        + f"""
hf.HfRecognizer = lambda state, config, info, adapter: made(
    state, config, RecognizerInfo("hf", "float32", info.encoder), adapter)
found = engines.load_recognizer(base, engine="hf", device={device!r})
assert type(getattr(found, "inner", found)) is made, found
assert "spaces" not in sys.modules
"""
    )
    run(code, stub, model, zero=zero)


def test_the_app_loads_first_and_reads_nothing_ahead(stub: Path, model: Path) -> None:
    code = (
        BEGIN.partition("ours = ")[0]
        + """
from smile.cli import app, main
chosen = main.parse(["app", "--engine", "hf", "--device", "cuda", "--model", sys.argv[1]])
options = app._options(chosen)
assert app._on_zero(chosen) and not options.read_ahead
app._load_first(options)
assert zero.SERVED and spaces.DURATIONS == [60] and not spaces.CALLS
chosen.device = "cpu"
assert not app._on_zero(chosen) and app._options(chosen).read_ahead
"""
    )
    run(code, stub, model)
