"""An editor's way to us: a real python-lsp-server over standard input and output, with flake8 and the plugin in it."""

from __future__ import annotations

import json
import pathlib
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BAD = (ROOT / "fixtures" / "tutorial_nobody_puts_first_bad.py").read_text(encoding="utf-8")

pytest.importorskip("pylsp")
pytestmark = pytest.mark.slow


class Editor:
    """As much of a language client as an editor needs to show diagnostics."""

    def __init__(self, folder: pathlib.Path) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "pylsp"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._read: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        self._send("initialize", {"processId": None, "rootUri": folder.as_uri(), "capabilities": {}}, number=1)
        self._await(lambda message: message.get("id") == 1)
        self._send("initialized", {})
        off = {name: {"enabled": False} for name in ("pycodestyle", "pyflakes", "mccabe", "autopep8", "yapf")}
        plugins = {**off, "flake8": {"enabled": True, "executable": str(pathlib.Path(sys.executable).parent / "flake8")}}
        self._send("workspace/didChangeConfiguration", {"settings": {"pylsp": {"plugins": plugins}}})

    def open(self, uri: str, text: str) -> None:
        """Opens a buffer, which need not be the text of any file."""
        document = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        self._send("textDocument/didOpen", {"textDocument": document})

    def type(self, uri: str, text: str, version: int) -> None:
        """Changes the buffer, unsaved."""
        document = {"uri": uri, "version": version}
        self._send("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})

    def shown(self, uri: str) -> list[dict[str, Any]]:
        """The next diagnostics of a buffer."""
        found = self._await(
            lambda message: message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == uri
        )
        return list(found["params"]["diagnostics"])

    def close(self) -> None:
        """Ends the server."""
        self._send("shutdown", None, number=2)
        self._send("exit", None)
        try:
            self._server.wait(20)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait(20)

    def _send(self, method: str, parameters: object, number: int | None = None) -> None:
        message = {"jsonrpc": "2.0", "method": method, "params": parameters}
        if number is not None:
            message["id"] = number
        body = json.dumps(message).encode()
        assert self._server.stdin is not None
        self._server.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._server.stdin.flush()

    def _listen(self) -> None:
        assert self._server.stdout is not None
        while head := self._server.stdout.readline():
            length = 0
            while head.strip():
                name, _, value = head.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
                head = self._server.stdout.readline()
            self._read.put(json.loads(self._server.stdout.read(length)))

    def _await(self, wanted: Any) -> dict[str, Any]:
        while True:
            message = self._read.get(timeout=60)
            if wanted(message):
                return message


@pytest.fixture
def editor(tmp_path: pathlib.Path) -> Iterator[Editor]:
    editor = Editor(tmp_path)
    yield editor
    editor.close()


def spans(diagnostics: list[dict[str, Any]]) -> list[tuple[str, int, int]]:
    return [
        (one["code"], one["range"]["start"]["line"], one["range"]["start"]["character"])
        for one in diagnostics
        if one["source"] == "flake8" and one["code"].startswith("IPC")
    ]


def test_findings_of_a_file_stand_where_they_belong(editor: Editor, tmp_path: pathlib.Path) -> None:
    file = tmp_path / "wait.py"
    file.write_text(BAD)
    editor.open(file.as_uri(), BAD)
    found = editor.shown(file.as_uri())
    # The protocol counts from 0: lines 8 and 16, at `channel.get()`.
    assert spans(found) == [("IPC201", 7, 13), ("IPC201", 15, 13)]
    for one in found:
        start, end = one["range"]["start"], one["range"]["end"]
        assert BAD.splitlines()[start["line"]][start["character"] :].startswith("channel.get()")
        # To the end of the line, and some versions of the server stop short of its last letter.
        assert end["line"] == start["line"] and end["character"] > start["character"]
        assert one["severity"] == 2
        assert one["message"].startswith("IPC201 channel.get() can never return")


def test_findings_of_an_unsaved_buffer_follow_what_is_typed(editor: Editor, tmp_path: pathlib.Path) -> None:
    uri = (tmp_path / "never_saved.py").as_uri()
    editor.open(uri, "# nothing yet\n")
    assert spans(editor.shown(uri)) == []
    editor.type(uri, "# moved\n\n" + BAD, 2)
    assert spans(editor.shown(uri)) == [("IPC201", 9, 13), ("IPC201", 17, 13)]
    mended = BAD.replace("    number = channel.get()", "    number = 1")
    editor.type(uri, mended, 3)
    assert spans(editor.shown(uri)) == []
    assert list(tmp_path.iterdir()) == []
