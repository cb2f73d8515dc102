"""The commands as a person types them."""

from __future__ import annotations

import argparse
import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

from smile.cli import main as main_module
from smile.cli.main import COMMANDS, build_parser, main
from smile.util.processes import Terminated
from tests.conftest import POOLS, ROOT
from tests.support.clips import clips


def write_csv(folder: Path, rows: list[str]) -> Path:
    path = folder / "clips.csv"
    path.write_text("file,text\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_index_then_transcribe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labelled = clips("mdw", 4)
    rows = [f'{c.path},"{c.text}"' for c in labelled[:3]]
    source = write_csv(tmp_path, [*rows, "nowhere.wav,text", f"{labelled[3].path},"])
    out = tmp_path / "pool"
    assert main(["index", str(source), "--out", str(out), "--language", "mdw"]) == 0
    said = capsys.readouterr()
    assert "3 examples of Mboshi" in said.out
    assert "line 5" in said.err
    assert "line 6" in said.err
    options = ["--pool", str(out), "--shots", "2", "--sampler", "nearest", "--json"]
    assert main(["transcribe", str(labelled[3].path), *options]) == 0
    output = json.loads(capsys.readouterr().out)
    assert output["vanilla"]["text"]
    assert output["smile"]["text"]
    assert {n["text"] for n in output["neighbours"]} <= {c.text for c in labelled[:3]}
    assert len(output["neighbours"]) == 2
    assert main(["transcribe", str(labelled[3].path), *options, "--characters", "hard"]) == 0
    kept = json.loads(capsys.readouterr().out)
    assert (output["settings"]["characters"], kept["settings"]["characters"]) == ("off", "hard")
    assert set(kept["smile"]["text"]) <= {*"".join(c.text for c in labelled[:3]), " "}


@pytest.mark.parametrize(
    ("line", "goes_on"),
    [
        (["index", "clips.csv", "--out", "pool", "--language", "mdw"], True),
        (["transcribe", "folder", "--pool", "pool", "--out", "texts"], True),
        (["transcribe", "clip.wav", "--pool", "pool"], False),
        (["examples", "gla"], True),
        (["bench", "peers"], False),
        (["similarity", "--data", "corpus", "--work", "folder"], True),
        (["pretrain", "--data", "corpus", "--work", "folder"], True),
        (["learn", "--data", "corpus", "--out", "rows"], False),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else "",
)
@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt, 130), (Terminated, 143)])
def test_one_that_is_broken_off_says_whether_it_goes_on(
    line: list[str],
    goes_on: bool,
    error: type[BaseException],
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def broken_off(chosen: argparse.Namespace) -> None:
        raise error

    parse = main_module.parse
    monkeypatch.setattr(
        main_module, "parse", lambda _: argparse.Namespace(**{**vars(parse(line)), "run": broken_off})
    )
    assert main(line) == code
    said = capsys.readouterr().err
    assert said.startswith(("Interrupted", "Terminated"))
    assert ("the same command goes on where it stopped" in said) == goes_on


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
        ("--shots", "11", "a whole number from 0 to 10"),
        ("--beam-size", "0", "a whole number from 1 to 5"),
        ("--beam-size", "-1", "a whole number from 1 to 5"),
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


def commands() -> argparse._SubParsersAction[argparse.ArgumentParser]:
    (subparsers,) = (a for a in build_parser()._actions if isinstance(a, argparse._SubParsersAction))
    return subparsers


PARSERS = {"smile": build_parser(), **commands().choices}
HEAVY = ("torch", "transformers", "umap", "numba", "pandas", "gradio", "pyarrow", "ray")


def assert_is_a_sentence(text: str | None) -> None:
    assert text, "says nothing"
    assert text[0].isupper(), text
    assert text.endswith("."), text
    assert not text.endswith(".."), text


@pytest.mark.parametrize("name", PARSERS)
def test_every_option_says_in_a_sentence_what_it_does_and_its_default(name: str) -> None:
    parser = PARSERS[name]
    assert_is_a_sentence(parser.description)
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            continue
        assert_is_a_sentence(action.help)
        default = None if action.default == argparse.SUPPRESS else action.default
        if default is not None and default is not False and default not in ("", (), []):
            assert "default" in str(action.help), action.dest
        assert str(action.help).count("default: ") <= 1, action.dest
    said = " ".join(parser.format_help().split())
    assert "%" not in said
    assert "PosixPath" not in said


def test_every_command_says_in_a_sentence_what_it_does() -> None:
    helps = {action.dest: action.help for action in commands()._choices_actions}
    assert set(helps) == set(commands().choices)
    for text in helps.values():
        assert_is_a_sentence(text)


def test_a_command_is_a_file_with_two_functions() -> None:
    files = {module.__name__.rpartition(".")[2].replace("_", "-") for module in COMMANDS}
    assert files == set(commands().choices)
    for module in COMMANDS:
        functions = inspect.getmembers(module, inspect.isfunction)
        own = {name for name, function in functions if function.__module__ == module.__name__}
        assert {name for name in own if not name.startswith("_")} == {"add", "run"}
    assert [parser.get_default("run") for parser in commands().choices.values()] == [m.run for m in COMMANDS]


@pytest.mark.parametrize("line", [["--help"], ["evaluate", "--help"], ["transcribe", "--help"]])
def test_help_and_parsing_load_nothing_heavy(line: list[str]) -> None:
    ask = (
        "import contextlib, io, sys; from smile.cli.main import main\n"
        f"with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()): main({line})\n"
        f"print(*[name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.split() == []
