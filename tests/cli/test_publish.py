"""`smile publish` against a local stand-in of the Hub: shown first, uploaded whole, refused in a sentence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from huggingface_hub import constants
from pyarrow import parquet

from smile.cli.main import main
from smile.datatypes import SmileError
from smile.exporting.hub import space
from smile.exporting.hub.rows import stage_rows
from smile.exporting.hub.target import HubError, Target
from smile.paths import PRECOMPUTED
from smile.whisper.adapters import load
from smile.whisper.model import SHIPPED_ADAPTER
from tests.conftest import ROOT
from tests.support.git import git
from tests.support.hub_server import TOKEN, Hub, Repository, served

PART = PRECOMPUTED / "own"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    """An empty Hub, which this process takes for huggingface.co, and a token for it."""
    with served() as hub:
        monkeypatch.setattr(constants, "ENDPOINT", hub.address)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)  # large files go by LFS over HTTP
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield hub


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """A folder of packed rows, small."""
    return Path(shutil.copytree(PART, tmp_path / "packed" / "own")).parent


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small checkout, with what is nobody else's business beside what is committed."""
    folder = tmp_path / "checkout"
    for name in (*space.FILES, "smile/paths.py", "tests/conftest.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", "one")
    (folder / "assets" / "pools").mkdir(parents=True)
    (folder / "assets" / "pools" / "voice.ogg").write_bytes(b"a visitor's")
    (folder / "smile" / "tokens.npz").write_bytes(b"made by use")
    monkeypatch.setattr(space.stage_space, "__defaults__", (folder,))
    return folder


def said(capsys: pytest.CaptureFixture[str], *words: str | Path, code: int = 0) -> str:
    """What a command prints; the token is never in it."""
    assert main(["publish", *map(str, words)]) == code
    out = capsys.readouterr()
    assert TOKEN not in out.out + out.err
    return out.err if code else out.out


def front(text: bytes) -> dict[str, object]:
    return yaml.safe_load(text.decode().split("---\n")[1])


def test_nothing_is_uploaded_without_go(
    hub: Hub, checkout: Path, packed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (["space"], ["adapter"], ["rows", "--precomputed", packed]):
        told = said(capsys, words[0], "me/it", *words[1:])
        assert "README.md" in told
        assert "not there yet" in told
        assert "Nothing has been uploaded" in told
    assert (hub.writes, hub.repositories) == ([], {})


def test_a_space_has_the_committed_files_of_the_product_alone(
    hub: Hub, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = said(capsys, "space", "me/it", "--private", "--go")
    assert told.endswith(f"Published: {hub.address}/spaces/me/it\n")
    made = hub.of("space", "me/it")
    assert (made.sdk, made.private, made.commits) == ("gradio", True, 1)
    assert made.files.keys() - {".gitattributes"} == {*space.FILES, "smile/paths.py"}
    assert made.files["app.py"] == (ROOT / "app.py").read_bytes()


def test_an_adapter_goes_as_it_is_with_a_card(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "adapter", "me/it", "--go")
    made, adapter = hub.of("model", "me/it"), load(SHIPPED_ADAPTER)
    for name in ("adapter_model.safetensors", "adapter_config.json", "smile.json"):
        assert made.files[name] == (SHIPPED_ADAPTER / name).read_bytes()
    card = made.files["README.md"].decode()
    head = front(made.files["README.md"])
    assert (head["base_model"], head["license"], head["library_name"]) == (
        "openai/whisper-base",
        "apache-2.0",
        "peft",
    )
    assert adapter.sha256 in card
    assert "76 minutes of speech in 8 languages" in card
    measured, paper = card.split("## Measured")[1].split("## What the paper reports")
    assert "| mdw | 60 | 70.3 (65.9 to 75.0) | 46.1 (" in measured  # as docs/training.md has it
    assert "74.29" not in measured
    assert "46.57" in paper
    assert "](../" not in card


def test_rows_have_no_texts_and_the_viewers_types(
    hub: Hub, packed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said(capsys, "rows", "me/it", "--precomputed", packed, "--go")
    made = hub.of("dataset", "me/it")
    (packed / "back.parquet").write_bytes(made.files["data/own/rows.parquet"])
    table, before = parquet.read_table(packed / "back.parquet"), parquet.read_table(PART / "results.parquet")
    assert table.num_rows == before.num_rows
    assert table.column_names == before.column_names
    assert table.to_pylist()[:50] == before.to_pylist()[:50]
    assert {str(field.type) for field in table.schema} == {
        "string",
        "int64",
        "double",
        "list<element: string>",
        "list<element: double>",
    }
    card = made.files["README.md"].decode()
    assert all(f"| `{name}` |" in card for name in table.column_names)
    (config,) = front(made.files["README.md"])["configs"]
    assert config["data_files"][0]["path"] in made.files
    assert json.loads(made.files["data/own/manifest.json"])["conditions"]


def test_all_rows_that_come_along_can_be_published(tmp_path: Path) -> None:
    stage_rows(tmp_path, PRECOMPUTED)
    staged, packed = sorted(tmp_path.rglob("rows.parquet")), sorted(PRECOMPUTED.rglob("results.parquet"))
    rows = [sorted(parquet.read_metadata(path).num_rows for path in paths) for paths in (staged, packed)]
    assert rows[0] == rows[1]
    assert len(packed) > 5


def test_rows_with_another_column_are_refused(
    hub: Hub, packed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = packed / "own" / "results.parquet"
    table = parquet.read_table(path)
    parquet.write_table(table.append_column("reference", table.column("hypothesis")), path)
    told = said(capsys, "rows", "me/it", "--precomputed", packed, "--go", code=2)
    assert 'a column "reference", which is not published' in told
    assert hub.repositories == {}


def test_what_is_there_already_is_told_and_not_sent_again(
    hub: Hub, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said(capsys, "space", "me/it", "--go")
    hub.of("space", "me/it").files["old.py"] = b"gone from the product"
    (checkout / "LICENSE").write_text("another")
    git(checkout, "commit", "--quiet", "--all", "-m", "two")
    told = said(capsys, "space", "me/it")
    states = {
        line.split()[-1]: line.split()[0] for line in told.splitlines() if "." in line or "LICENSE" in line
    }
    assert (states["LICENSE"], states["app.py"], states["old.py"]) == ("changed", "same", "stays")
    assert "7 bytes to upload" in told
    said(capsys, "space", "me/it", "--go")
    assert "old.py" in hub.of("space", "me/it").files
    assert "old.py" in said(capsys, "space", "me/it", "--prune", "--go")
    assert hub.of("space", "me/it").files.keys() == {*space.FILES, "smile/paths.py", ".gitattributes"}


@pytest.mark.parametrize(
    ("there", "message"),
    [
        ({("dataset", "me/it"): Repository()}, "me/it is a data set on the Hub, not a Space"),
        ({("space", "me/it"): Repository(sdk="docker")}, "a Space of another kind (docker, not gradio)"),
        ({("space", "me/it"): Repository(sdk="gradio")}, "me/it is public; make it private"),
    ],
)
def test_what_is_under_the_name_may_be_something_else(
    hub: Hub,
    checkout: Path,
    capsys: pytest.CaptureFixture[str],
    there: dict[tuple[str, str], Repository],
    message: str,
) -> None:
    hub.repositories |= there
    told = said(capsys, "space", "me/it", "--private", "--go", code=2)
    assert message in told
    assert told.count("\n") == 1
    assert hub.writes == []


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, "does not accept the token"),
        (403, "may not write to me/it"),
        (429, "too many requests"),
        (503, "out of order (status 503)"),
    ],
)
def test_a_refusal_is_one_sentence(
    hub: Hub, checkout: Path, capsys: pytest.CaptureFixture[str], status: int, message: str
) -> None:
    hub.refuse = status
    told = said(capsys, "space", "me/it", "--go", code=2)
    assert message in told
    assert told.count("\n") == 1


def test_a_wrong_token_and_none(
    hub: Hub, checkout: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    assert "does not accept the token" in said(capsys, "space", "me/it", code=2)
    monkeypatch.delenv("HF_TOKEN")
    assert "not there yet" in said(capsys, "space", "me/it")
    assert "There is no token" in said(capsys, "space", "me/it", "--go", code=2)
    assert hub.writes == []


def test_without_a_network_it_is_still_shown(
    hub: Hub, checkout: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    assert "cannot be reached" in said(capsys, "space", "me/it", "--go", code=2)
    told = said(capsys, "space", "me/it")
    assert "is not known" in told
    assert "app.py" in told


@pytest.mark.parametrize("name", ["it", "me/it/more", "../it", "me/..", "me/it; rm", "https://hub/me/it", ""])
def test_a_name_that_can_be_none(name: str) -> None:
    with pytest.raises(HubError, match="is no name on the Hub"):
        Target(name, "model")


def test_a_change_of_somebody_else_is_not_overwritten(
    hub: Hub, checkout: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from smile.exporting.hub import target

    said(capsys, "space", "me/it", "--go")
    before = target.held

    def held(asked: Target) -> target.Held:
        found = before(asked)
        hub.of("space", "me/it").commits += 1
        return found

    monkeypatch.setattr(target, "held", held)
    (checkout / "LICENSE").write_text("another")
    git(checkout, "commit", "--quiet", "--all", "-m", "two")
    assert "has changed meanwhile" in said(capsys, "space", "me/it", "--go", code=2)


def test_uncommitted_files_and_links_are_refused(checkout: Path, tmp_path: Path) -> None:
    (checkout / "app.py").write_text("changed")
    with pytest.raises(SmileError, match=r"app\.py has changes that are not committed"):
        space.stage_space(tmp_path, checkout)
    git(checkout, "checkout", "app.py")
    (checkout / "smile" / "link.py").symlink_to("/etc/hostname")
    git(checkout, "add", "smile/link.py")
    git(checkout, "commit", "--quiet", "-m", "two")
    with pytest.raises(SmileError, match="no regular file"):
        space.stage_space(tmp_path, checkout)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("sdk: gradio", "sdk: docker", "a sdk that"),
        ("sdk_version: 6", "sdk_version: 5", "a sdk_version that"),
        ("app_file: app.py", "app_file: other.py", "an? app_file that"),
        ("colorTo: yellow", "colorTo: mauve", "a colorTo that"),
        ("license: apache-2.0\n", "", "no text for license"),
        ("title: SMILE", "title: [", "no YAML"),
        ("---\ntitle", "title", "does not begin"),
    ],
)
def test_a_header_that_is_no_spaces(old: str, new: str, message: str) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    space.check_header(readme, ROOT)
    with pytest.raises(SmileError, match=message):
        space.check_header(readme.replace(old, new, 1), ROOT)


def test_a_base_on_this_machine_is_not_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path(shutil.copytree(SHIPPED_ADAPTER, tmp_path / "mine"))
    config = json.loads((folder / "adapter_config.json").read_text())
    config["base_model_name_or_path"] = "/srv/models/whisper"
    (folder / "adapter_config.json").write_text(json.dumps(config))
    told = said(capsys, "adapter", "me/it", "--adapter", folder, code=2)
    assert "names no model on the Hub as its base" in told
    assert "/srv" not in told
