"""A repository on the Hub: what it holds, what an upload would change, and the upload itself.

huggingface_hub does the talking; its token is that of HF_TOKEN or of `hf auth login`, and is never printed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from smile.datatypes import SmileError

if TYPE_CHECKING:
    from huggingface_hub import DatasetInfo, HfApi, ModelInfo, SpaceInfo

    Info = DatasetInfo | ModelInfo | SpaceInfo

Kind = Literal["space", "model", "dataset"]
NAMES: dict[Kind, str] = {"space": "a Space", "model": "a model", "dataset": "a data set"}
PLACES: dict[Kind, str] = {"space": "spaces/", "model": "", "dataset": "datasets/"}
REPO = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
SDK = "gradio"
ALWAYS = ".gitattributes"  # which the Hub makes, and which stays


class HubError(SmileError):
    """The Hub cannot be asked, refuses, or holds something else under the name."""


class UnreachableError(HubError):
    """The Hub cannot be asked what it holds."""


@dataclass(frozen=True)
class Target:
    """A repository by its name OWNER/NAME and its kind.

    Raises:
        HubError: there can be no such name on the Hub.
    """

    repo: str
    kind: Kind

    def __post_init__(self) -> None:
        if not REPO.fullmatch(self.repo) or len(self.repo) > 96 or ".." in self.repo or "--" in self.repo:
            raise HubError(f"{self.repo} is no name on the Hub; give OWNER/NAME, such as me/smile.")

    def __str__(self) -> str:
        return f"{NAMES[self.kind]} at {PLACES[self.kind]}{self.repo}"


@dataclass(frozen=True)
class Held:
    """What a repository holds; `exists` is false where there is none yet."""

    exists: bool = False
    private: bool = False
    commit: str | None = None
    digests: dict[str, str] = field(default_factory=dict)  # of files: SHA-256 of large ones, else git's SHA-1


@dataclass(frozen=True)
class Change:
    """What an upload does to one file."""

    name: str
    size: int  # bytes
    state: Literal["new", "changed", "same", "stays", "removed"]


def held(target: Target) -> Held:
    """Return what the Hub holds under a name.

    Raises:
        HubError: the Hub cannot be asked, or holds a repository of another kind under the name.
    """
    info = _info(target.repo, target.kind)
    if info is None:
        for kind in NAMES:
            if kind != target.kind and _info(target.repo, kind) is not None:
                there, wanted = NAMES[kind], NAMES[target.kind]
                raise HubError(f"{target.repo} is {there} on the Hub, not {wanted}; choose another name.")
        return Held()
    if target.kind == "space" and (sdk := getattr(info, "sdk", None)) not in (None, SDK):
        raise HubError(f"{target.repo} is a Space of another kind ({sdk}, not {SDK}); choose another name.")
    files = info.siblings or []
    digests = {f.rfilename: f.lfs.sha256 if f.lfs else f.blob_id or "" for f in files}
    return Held(True, bool(info.private), info.sha, digests)


def changes(folder: Path, there: Held, prune: bool = False) -> list[Change]:
    """Return what an upload of a folder does to each file of it and of the repository, by name."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    ours = [Change(name, path.stat().st_size, _state(name, path, there)) for name, path in files.items()]
    rest = there.digests.keys() - files.keys() - {ALWAYS}
    theirs = [Change(name, 0, "removed" if prune else "stays") for name in rest]
    return sorted([*ours, *theirs], key=lambda change: change.name)


def upload(target: Target, folder: Path, there: Held, *, private: bool = False, prune: bool = False) -> str:
    """Make the repository where there is none, upload a folder in one commit, and return its address.

    With `prune`, files of the repository that are not in the folder are removed by the same commit. What
    somebody else has committed since `there` was read is not overwritten.

    Raises:
        HubError: no token, a public repository that was to be private, or the Hub refuses.
    """
    from huggingface_hub import get_token

    if not get_token():
        raise HubError("There is no token for the Hub; set HF_TOKEN, or log in with: hf auth login")
    if there.exists and private and not there.private:
        raise HubError(f"{target.repo} is public; make it private in its settings on the Hub first.")
    with told(target.repo):
        api, sdk = _api(), SDK if target.kind == "space" else None
        if not there.exists:
            api.create_repo(target.repo, repo_type=target.kind, private=private, space_sdk=sdk)
        done = api.upload_folder(
            repo_id=target.repo,
            repo_type=target.kind,
            folder_path=folder,
            commit_message="Publish with smile publish",
            parent_commit=there.commit,
            delete_patterns="*" if prune else None,
        )
        return str(done.commit_url).partition("/commit/")[0]


@contextmanager
def told(repo: str) -> Iterator[None]:
    """Turn what the Hub's client raises into one sentence that says what to do.

    Raises:
        HubError: whatever was raised.
    """
    from huggingface_hub import errors

    try:
        yield
    except SmileError:
        raise
    except errors.OfflineModeIsEnabled as error:
        raise UnreachableError("The Hub is switched off here; unset HF_HUB_OFFLINE.") from error
    except errors.HfHubHTTPError as error:
        raise HubError(_refusal(repo, error.response.status_code)) from error
    except (errors.HTTPError, OSError) as error:  # type: ignore[attr-defined]  # of the Hub's own client
        raise UnreachableError(
            f"The Hub cannot be reached ({type(error).__name__}); check the connection, and try again."
        ) from error
    except ValueError as error:  # an answer, or a card, that is not as it should be
        raise HubError(f"The Hub does not take this: {' '.join(str(error).split())[:300]}") from error


def _refusal(repo: str, status: int) -> str:
    reasons = {
        401: "The Hub does not accept the token, or there is none; set HF_TOKEN to a token that may write, "
        "or log in with: hf auth login",
        403: f"The token may not write to {repo}; use one that may, or another name.",
        404: f"The Hub has no {repo} that this token may see; check the name and the token.",
        409: f"{repo} exists already, or somebody is changing it; look at it on the Hub, and try again.",
        412: f"{repo} has changed meanwhile; run the command again without --go to see what there is.",
        429: "The Hub has had too many requests; wait for some minutes, and try again.",
    }
    if status >= 500:
        return f"The Hub is out of order (status {status}); try again later."
    return reasons.get(status, f"The Hub refuses {repo} (status {status}); look at its settings there.")


def _api() -> HfApi:
    from huggingface_hub import HfApi

    return HfApi(library_name="smile")


def _info(repo: str, kind: Kind) -> Info | None:
    """What the Hub says of a repository; None where it has none that may be seen."""
    from huggingface_hub.errors import RepositoryNotFoundError

    with told(repo):
        try:
            return _api().repo_info(repo, repo_type=kind, files_metadata=True)  # type: ignore[return-value]
        except RepositoryNotFoundError as error:
            if error.response.status_code == 401 and not _anonymous():
                raise HubError(_refusal(repo, 401)) from error
            return None


def _anonymous() -> bool:
    """Whether nobody is logged in; the Hub answers 401 to them for what is not there, too."""
    from huggingface_hub import get_token

    return not get_token()


def _state(name: str, path: Path, there: Held) -> Literal["new", "changed", "same"]:
    from huggingface_hub.utils.sha import git_hash

    if name not in there.digests:
        return "new"
    data, digest = path.read_bytes(), there.digests[name]
    return "same" if digest in (git_hash(data), hashlib.sha256(data).hexdigest()) else "changed"
