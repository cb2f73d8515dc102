"""A local stand-in of the Hub's HTTP interface: repositories are made, asked for and committed to."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

TOKEN = "hf_standinstandinstandinstandinstandin"
LARGE = (".safetensors", ".parquet", ".png", ".npz", ".npy", ".ogg")


@dataclass
class Repository:
    """What was committed; large files have been put into the store before."""

    private: bool = False
    sdk: str | None = None
    commits: int = 0
    files: dict[str, bytes] = field(default_factory=lambda: {".gitattributes": b"*.ogg filter=lfs\n"})
    large: set[str] = field(default_factory=set)

    @property
    def sha(self) -> str:
        return f"{self.commits:040x}"

    def told(self, name: str) -> dict[str, Any]:
        """Return what the Hub says of a file."""
        data = self.files[name]
        git = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
        said: dict[str, Any] = {"rfilename": name, "size": len(data), "blobId": git}
        if name in self.large:
            said["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
        return said


@dataclass
class Hub:
    """The stand-in's state: repositories by kind ("model", "dataset", "space") and name, and requests."""

    address: str = ""
    repositories: dict[tuple[str, str], Repository] = field(default_factory=dict)
    store: dict[str, bytes] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)  # paths of requests that change something
    refuse: int = 0  # status of every answer, where it is one

    def of(self, kind: str, name: str) -> Repository:
        return self.repositories[kind, name]


class Handler(BaseHTTPRequestHandler):
    """One request, answered as huggingface.co answers it."""

    hub: Hub

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        if not self.allowed():
            return
        kind, name, rest = self.named()
        repository = self.hub.repositories.get((kind, name))
        if repository is None or (repository.private and not self.token()):
            self.missing()
        elif rest.startswith("/tree/"):
            self.answer([{"type": "file", "path": f, "size": 1, "oid": "0"} for f in repository.files])
        else:
            files = [repository.told(file) for file in repository.files]
            said = {"id": name, "sha": repository.sha, "private": repository.private, "siblings": files}
            self.answer(said | ({"sdk": repository.sdk} if kind == "space" else {}))

    def do_PUT(self) -> None:
        self.hub.writes.append(self.path)
        self.hub.store[self.path.rpartition("/")[2]] = self.body()
        self.answer({})

    def do_POST(self) -> None:
        path = urlsplit(self.path).path
        data = self.body()
        if path == "/api/validate-yaml":
            self.validate(json.loads(data)["content"])
        elif not self.allowed():
            pass
        elif not self.token():
            self.missing()
        elif path == "/api/repos/create":
            self.create(json.loads(data))
        elif path.endswith("/info/lfs/objects/batch"):
            self.answer(self.batch(json.loads(data)))
        elif "/preupload/" in path:
            self.answer(preupload(json.loads(data)))
        elif "/commit/" in path:
            self.commit([json.loads(line) for line in data.splitlines()])

    def allowed(self) -> bool:
        """Whether the request may be made; it is answered where not."""
        given = self.headers.get("Authorization")
        if self.hub.refuse or given not in (None, f"Bearer {TOKEN}"):
            self.answer({"error": "Invalid credentials"}, self.hub.refuse or 401)
            return False
        return True

    def token(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {TOKEN}"

    def missing(self) -> None:
        """Say that there is none, as the Hub does: 401 to strangers."""
        self.answer(
            {"error": "Repository not found"}, 404 if self.token() else 401, {"X-Error-Code": "RepoNotFound"}
        )

    def named(self) -> tuple[str, str, str]:
        """The kind and name of the path, and what follows."""
        _, _, kind, owner, name, *rest = unquote(urlsplit(self.path).path).split("/")
        return kind.removesuffix("s"), f"{owner}/{name}", "/" + "/".join(rest)

    def validate(self, text: str) -> None:
        try:
            assert isinstance(yaml.safe_load(text.split("---")[1]), dict)
        except (yaml.YAMLError, AssertionError, IndexError):
            self.answer({"errors": [{"message": "bad metadata"}], "warnings": []}, 400)
        else:
            self.answer({"errors": [], "warnings": []})

    def create(self, asked: dict[str, Any]) -> None:
        self.hub.writes.append(self.path)
        key = asked.get("type", "model"), f"{asked['organization']}/{asked['name']}"
        url = f"{self.hub.address}/{key[1]}"
        if key in self.hub.repositories:
            return self.answer({"error": "You already created this repo", "url": url}, 409)
        private = asked.get("visibility") == "private"
        self.hub.repositories[key] = Repository(private, asked.get("sdk"))
        return self.answer({"url": url})

    def batch(self, asked: dict[str, Any]) -> dict[str, Any]:
        def action(one: dict[str, Any]) -> dict[str, Any]:
            if one["oid"] in self.hub.store:
                return one
            return one | {"actions": {"upload": {"href": f"{self.hub.address}/store/{one['oid']}"}}}

        return {"transfer": "basic", "objects": [action(one) for one in asked["objects"]]}

    def commit(self, lines: list[dict[str, Any]]) -> None:
        self.hub.writes.append(self.path)
        kind, name, _ = self.named()
        repository, header = self.hub.of(kind, name), lines[0]["value"]
        if header.get("parentCommit", repository.sha) != repository.sha:
            return self.answer({"error": "The repository has changed"}, 412)
        for line in lines[1:]:
            value = line["value"]
            if line["key"] == "file":
                repository.files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                repository.files[value["path"]] = self.hub.store[value["oid"]]
                repository.large.add(value["path"])
            elif line["key"] == "deletedFile":
                del repository.files[value["path"]]
        repository.commits += 1
        place = {"model": "", "dataset": "datasets/", "space": "spaces/"}[kind]
        url = f"{self.hub.address}/{place}{name}/commit/{repository.sha}"
        return self.answer({"commitUrl": url, "commitOid": repository.sha})

    def body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        data = b""
        while size := int(self.rfile.readline(), 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    def answer(self, said: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(said).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


def preupload(asked: dict[str, Any]) -> dict[str, Any]:
    """Return how each file is to be sent."""
    modes = {f["path"]: "lfs" if f["path"].endswith(LARGE) else "regular" for f in asked["files"]}
    return {"files": [{"path": p, "uploadMode": mode, "shouldIgnore": False} for p, mode in modes.items()]}


@contextmanager
def served() -> Iterator[Hub]:
    """Serve an empty Hub on a free port of this machine."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"hub": hub}))
    hub.address = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
