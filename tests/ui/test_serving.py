"""What is shown and named where there is no checkout: the page's folders, pools by their code, results."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

from smile import ui
from smile.cli import app, check, pools
from smile.cli.main import main, parse
from smile.datatypes import SmileError
from smile.paths import POOLS, PRECOMPUTED
from smile.util.commit import commit
from smile.whisper.model import Models
from tests.support.app import free_port
from tests.support.measured import FITTED, packed


def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *options: str) -> dict[str, Any]:
    """What the page would be made of."""
    keywords: dict[str, Any] = {}
    monkeypatch.setenv("PORT", str(free_port()))

    def refuse(engine: ui.Engine, **given: Any) -> None:
        keywords.update(given, engine=engine)
        raise OSError("The port is taken.")

    monkeypatch.setattr(ui, "build_app", refuse)
    folders = ["--visitors", str(tmp_path / "visitors"), "--cache", str(tmp_path / "cache")]
    with pytest.raises(SmileError, match=r"^The port is taken\.$"):
        app.run(parse(["app", *folders, *options]))
    return keywords


def test_the_page_shows_what_comes_along(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keywords = served(monkeypatch, tmp_path)
    assert (keywords["results"], keywords["maps"]) == (PRECOMPUTED, PRECOMPUTED / "maps")
    assert keywords["engine"].options.pools == POOLS
    assert keywords["service"].visitors.root == tmp_path / "visitors"


def test_the_page_shows_a_folder_of_ones_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keywords = served(monkeypatch, tmp_path, "--precomputed", str(tmp_path / "mine"))
    assert (keywords["results"], keywords["maps"]) == (tmp_path / "mine", tmp_path / "mine" / "maps")
    monkeypatch.setenv("SMILE_PRECOMPUTED", str(tmp_path / "theirs"))
    assert served(monkeypatch, tmp_path)["results"] == tmp_path / "theirs"


def test_what_the_user_can_put_right_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "visitors" / "photos").mkdir(parents=True)
    assert main(["app", "--visitors", str(tmp_path / "visitors"), "--port", str(free_port())]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert 'holds "photos"' in line


def pool_of(*arguments: str) -> Path:
    return parse(["transcribe", "x.wav", "--pool", *arguments]).pool


def test_a_pool_that_comes_along_has_a_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert pool_of("gla") == POOLS / "gla"
    assert [pool_of(name) for name in ("xxx", "a/gla", "..")] == [Path("xxx"), Path("a/gla"), Path("..")]
    (tmp_path / "gla").mkdir()
    assert pool_of("gla") == Path("gla")


def test_an_installed_package_is_not_written_to(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, models: Models
) -> None:
    assert pools.open_for(models, POOLS / "gla").stores is None
    monkeypatch.setattr(pools, "INSTALLED", True)
    monkeypatch.setenv("SMILE_CACHE", str(tmp_path))
    stores = pools.open_for(models, POOLS / "gla").stores
    assert stores is not None
    assert (stores.parent.parent, stores.name) == (tmp_path, "gla.tokens")
    with pytest.raises(SmileError, match="copy it, and check the copy"):
        check.run(argparse.Namespace(pool=POOLS / "gla"))


def test_packed_results_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["results", "show", str(PRECOMPUTED / "own")]) == 0
    assert "mdw" in capsys.readouterr().out
    assert main(["results", "show", "--languages", "mdw", "--conditions", "vanilla-controlled,smile-3"]) == 0
    shown = capsys.readouterr().out
    assert "mdw smile-3" in " ".join(shown.split())
    assert "gla" not in shown
    assert "SMILE · 3 nearest" in shown, "what the names mean"
    assert main(["results", "show", "--languages", "mdw,xyz"]) == 2
    assert 'no language "xyz" in these rows; there are bel' in capsys.readouterr().err
    assert main(["results", "show", str(tmp_path)]) == 2
    assert "smile evaluate" in capsys.readouterr().err


def test_the_rows_of_an_evaluation_are_shown_as_packed_ones_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packed(tmp_path, FITTED, languages=("chr",))
    shown = []
    for folder in ("rows", "packed"):
        assert main(["results", "show", str(tmp_path / folder)]) == 0
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1]
    assert "acoustic: Acoustic model" in shown[0], "what the names mean"
    (tmp_path / "rows" / "manifest.json").write_text('{"conditions": {"x": {"side": 3}}, "runs": []}')
    assert main(["results", "show", str(tmp_path / "rows")]) == 2
    assert "is damaged; evaluate into another folder" in capsys.readouterr().err


def test_a_wheel_says_the_commit_that_it_was_built_from(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("smile.util.commit.COMMIT", tmp_path / "commit")
    assert commit(None) == ""
    (tmp_path / "commit").write_text("0123456789ab+\n")
    assert commit(None) == "0123456789ab+"
