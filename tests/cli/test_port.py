"""A port that another program has is refused in a sentence, before anything is loaded."""

from __future__ import annotations

import socket

from smile.cli import main as cli


def test_a_port_in_use_is_told_with_what_to_do(capsys):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert cli.main(["app", "--host", "127.0.0.1", "--port", str(port)]) == 2
    said = capsys.readouterr().err
    assert f"Port {port} is in use" in said
    assert f"--port {port + 1}" in said
