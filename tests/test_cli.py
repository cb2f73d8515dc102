"""The commands as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from smile.cli.main import main
from tests.clips import clips
from tests.conftest import POOLS


def table(folder: Path, rows: list[str]) -> Path:
    path = folder / "clips.csv"
    path.write_text("file,text\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_index_then_transcribe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labelled = clips("mdw", 4)
    rows = [f'{c.path},"{c.text}"' for c in labelled[:3]]
    source = table(tmp_path, [*rows, "nowhere.wav,text", f"{labelled[3].path},"])
    out = tmp_path / "pool"
    assert main(["index", str(source), "--out", str(out), "--language", "mdw"]) == 0
    said = capsys.readouterr()
    assert "3 examples of Mboshi" in said.out
    assert "line 5" in said.err
    assert "line 6" in said.err
    options = ["--pool", str(out), "--shots", "2", "--sampler", "nearest", "--json"]
    assert main(["transcribe", str(labelled[3].path), *options]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["vanilla"]["text"]
    assert found["smile"]["text"]
    assert {n["text"] for n in found["neighbours"]} <= {c.text for c in labelled[:3]}
    assert len(found["neighbours"]) == 2
    assert main(["transcribe", str(labelled[3].path), *options, "--characters", "hard"]) == 0
    kept = json.loads(capsys.readouterr().out)
    assert (found["settings"]["characters"], kept["settings"]["characters"]) == ("off", "hard")
    assert set(kept["smile"]["text"]) <= {*"".join(c.text for c in labelled[:3]), " "}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["transcribe", "nowhere.wav", "--pool", str(POOLS / "gle")], "nowhere.wav"),
        (["transcribe", str(POOLS / "README.md"), "--pool", str(POOLS / "gle")], "decoded"),
        (["index", "nowhere", "--out", "pool"], "nowhere"),
    ],
)
def test_bad_input_is_one_sentence_and_code_2(
    options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(options) == 2
    said = capsys.readouterr().err.strip()
    assert message in said
    assert "Traceback" not in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--shots", "11", "0 to 10 examples"),
        ("--beams", "0", "1 to 5 beams"),
        ("--beams", "-1", "1 to 5 beams"),
        ("--knn", "2", "0 to 1"),
        ("--engine", "fast", "lean"),
        ("--characters", "some", "off"),
    ],
)
def test_a_value_out_of_range_is_refused(
    option: str, value: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["transcribe", "x.wav", "--pool", "p", f"{option}={value}"])
    assert message in capsys.readouterr().err
