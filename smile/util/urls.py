"""Places that a command is given as a URL: a closed list of protocols, each by fsspec.

Only commands take them. The page, its endpoints and MCP tools never do: a server that fetches what it is told
could be sent into its own network. `tests/test_architecture.py` holds who may import this.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from smile.datatypes import SmileError
from smile.util.names import printable

PROTOCOLS = {"file": "", "s3": "s3fs", "gs": "gcsfs", "az": "adlfs"}
"""All protocols there are, each with the package that fsspec reads it by."""

EXTRA = (
    'URLs that begin with s3:// need the extra "s3", which is not installed; in the repository, run: '
    'pip install --editable ".[s3]"; without it, install the wheel again as "FILE.whl[s3]".'
)
PACKAGE = "URLs that begin with {}:// need the package {}, which is not installed; run: pip install {}"
NO_CREDENTIALS = {
    "NoCredentialsError",
    "PartialCredentialsError",
    "CredentialRetrievalError",
    "TokenRetrievalError",
    "UnauthorizedSSOTokenError",
    "ProfileNotFound",
}
NAME = "ParamValidationError"  # of a bucket that no store could have
REASONS = {  # by the code that a store answers
    "RequestTimeTooSkewed": "this machine's clock differs too much from the store's; set it",
    "ExpiredToken": "the credentials of the environment have expired; get new ones",
    "InvalidAccessKeyId": "the store does not know the credentials of the environment",
    "SignatureDoesNotMatch": "the store does not know the credentials of the environment",
}
DISK = {  # what only a disk says, and not a connection
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "there is no more room for this user on the disk",
    errno.EROFS: "the disk may only be read",
    errno.ENOTDIR: "there is a file where a folder has to be",
    errno.ENAMETOOLONG: "the name is too long for the disk",
}


@dataclass(frozen=True)
class Url:
    """A place that is read by fsspec; its path is taken as it is, without %-codes.

    Attributes:
        protocol: one of PROTOCOLS.
        path: bucket and key joined by "/", or the path of a file; no "/" at its end.
    """

    protocol: str
    path: str

    def __str__(self) -> str:
        """Return it for messages: what would move a terminal's cursor is escaped."""
        return f"{self.protocol}://{printable(self.path)}"


def is_url(text: str) -> bool:
    """Return whether a text is meant as a URL and not as a path."""
    return "://" in text


def url_of(text: str) -> Url:
    """Return the URL that a text names.

    Raises:
        SmileError: another protocol, no bucket, no whole path, or a user or password in it.
    """
    protocol, _, path = text.partition("://")
    protocol, path = protocol.lower(), path.rstrip("/")
    if protocol not in PROTOCOLS:
        known = ", ".join(f"{name}://" for name in PROTOCOLS)
        raise SmileError(
            f"{protocol[:20]!a} is no protocol that is read; name a URL that begins with one of {known} "
            "or a path."
        )
    if protocol == "file":
        if not path.startswith("/") and text.lower() != "file:///":
            raise SmileError("Write file:// and a path from the root on, such as file:///data/folder.")
        return Url(protocol, path or "/")
    bucket = path.partition("/")[0]
    if "@" in bucket or ":" in bucket:
        raise SmileError(
            "A URL names no user, password or port: credentials and endpoints come from the environment."
        )
    if not bucket:
        raise SmileError(f"The URL names no bucket; write {protocol}://BUCKET/FOLDER.")
    return Url(protocol, path)


def filesystem(protocol: str) -> Any:
    """Return what fsspec reads a protocol by, with credentials of the environment and nothing remembered.

    Raises:
        SmileError: its package is not installed, or cannot be used as it is set up.
    """
    import fsspec

    try:
        store = fsspec.filesystem(protocol, skip_instance_cache=True, use_listings_cache=False)
    except ImportError as error:
        package = PROTOCOLS[protocol]
        said = EXTRA if protocol == "s3" else PACKAGE.format(protocol, package, package)
        raise SmileError(said) from error
    except Exception as error:  # each package has its own for a setting that it lacks
        raise SmileError(f"{protocol}:// cannot be used: {reason_of(error)}.") from error
    if protocol == "s3":
        store.split_path = _bucket_and_key
    return store


def _bucket_and_key(path: str) -> tuple[str, str, None]:
    """A path's bucket and key; s3fs itself cuts keys off where they say "?versionId="."""
    bucket, _, key = path.removeprefix("s3://").partition("/")
    return bucket, key, None


@contextmanager
def telling(place: object, done: str = "read") -> Iterator[None]:
    """Turn whatever the packages raise in the block into a SmileError that names `place` and a reason.

    `done` is what cannot be done there, such as "written".
    """
    try:
        yield
    except SmileError:
        raise
    except Exception as error:  # of fsspec, botocore, aiohttp and others
        raise SmileError(f"{place} cannot be {done}: {reason_of(error)}.") from error


def lasting(error: BaseException) -> bool:
    """Return whether trying again would come to the same."""
    kinds, names = (
        (FileNotFoundError, PermissionError, IsADirectoryError, SmileError),
        {*NO_CREDENTIALS, NAME},
    )
    return any(isinstance(o, kinds) or type(o).__name__ in names or _of_disk(o) for o in _chain(error))


def reason_of(error: BaseException) -> str:
    """Return why something could not be read, in words that hold nothing of the credentials."""
    errors = _chain(error)
    names = {type(one).__name__ for one in errors}
    if "NoSuchBucket" in names:
        return "there is no such bucket"
    if NAME in names:
        return "no bucket or object can be called so"
    if said := [found for one in errors if (found := REASONS.get(_code(one)) or _of_disk(one))]:
        return said[0]
    if names & NO_CREDENTIALS:
        return "the environment has no whole credentials for it"
    if any(isinstance(one, PermissionError) for one in errors):
        return "access is denied; check what the credentials of the environment allow"
    if any(isinstance(one, FileNotFoundError) for one in errors):
        return "there is nothing of this name"
    return f"the connection or the store failed ({type(error).__name__}); try again"


def _of_disk(error: BaseException) -> str:
    """Why a disk fails, if it is one."""
    return DISK.get(error.errno or 0, "") if isinstance(error, OSError) else ""


def _code(error: BaseException) -> str:
    """What a store answers, as botocore has it; "" of other errors."""
    answer = getattr(error, "response", None)
    about = answer.get("Error") if isinstance(answer, dict) else None
    return str(about.get("Code")) if isinstance(about, dict) else ""


def _chain(error: BaseException | None) -> list[BaseException]:
    """An error and those that it was made of."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__
    return found
