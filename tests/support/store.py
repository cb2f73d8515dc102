"""A stand-in for S3 on this machine, moto's, which counts what is asked of it and can fail as it is told."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

import boto3
import pytest
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

BUCKET = "speech"
SECRET = "not-to-be-told-8d1f"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


@dataclass
class Store:
    """The server, a client of its own, and what was asked for.

    Attributes:
        environment: what a command needs to use it.
        fetched: the keys of objects of which bytes were asked for, in order.
        before: is called with the key before an object's bytes are sent; where it returns True the connection
            is cut in the middle of them.
        denied: whether it lets nobody read anything.
    """

    environment: dict[str, str] = field(default_factory=dict)
    client: Any = None
    fetched: list[str] = field(default_factory=list)
    before: Callable[[str], bool] = lambda key: False
    denied: bool = False

    def put(self, key: str, data: bytes) -> None:
        self.client.put_object(Bucket=BUCKET, Key=key, Body=data)

    def put_folder(self, folder: Path, prefix: str) -> None:
        """Put all files of a folder under a prefix, the names below it as keys."""
        for path in folder.rglob("*"):
            if path.is_file():
                self.put(f"{prefix}/{path.relative_to(folder).as_posix()}", path.read_bytes())

    def _watching(self, app: Wsgi) -> Wsgi:
        def watched(request: dict[str, Any], start: Any) -> Iterable[bytes]:
            path = request["PATH_INFO"].encode("latin-1").decode()
            _, bucket, *key = path.split("/", 2)
            if self.denied and request["REQUEST_METHOD"] in ("GET", "HEAD"):
                start("403 Forbidden", [("Content-Type", "application/xml")])
                return [DENIED] if request["REQUEST_METHOD"] == "GET" else []
            if request["REQUEST_METHOD"] != "GET" or bucket != BUCKET or not any(key):
                return app(request, start)
            self.fetched.append(key[0])
            body = b"".join(app(request, start)) if (cut := self.before(key[0])) else app(request, start)
            return _half(body, request["werkzeug.socket"]) if cut else body  # type: ignore[arg-type]

        return watched


def _half(body: bytes, connection: socket.socket) -> Iterator[bytes]:
    yield body[: len(body) // 2]
    connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def store() -> Iterator[Store]:
    """Give a store with one empty bucket, which ends with the block."""
    made = Store()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app = made._watching(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        address = f"http://127.0.0.1:{server.server_port}"
        made.environment = {**ENVIRONMENT, "AWS_ENDPOINT_URL": address}
        made.client = boto3.client(
            "s3",
            endpoint_url=address,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        _emptied(made.client)
        made.client.create_bucket(Bucket=BUCKET)
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _emptied(client: Any) -> None:
    """Remove what an earlier store of this process has left: moto keeps all in one place."""
    for bucket in client.list_buckets()["Buckets"]:
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket["Name"]):
            for one in page.get("Contents", ()):
                client.delete_object(Bucket=bucket["Name"], Key=one["Key"])
        client.delete_bucket(Bucket=bucket["Name"])


@contextmanager
def asked(store: Store, environment: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store as a test asks it, with what it counts and how it fails begun anew."""
    for name, value in store.environment.items():
        environment.setenv(name, value)
    store.fetched.clear()
    yield store
    store.before, store.denied = lambda key: False, False
