"""A PVE of three answers over HTTPS: a ticket, the permissions, and ``/cluster/resources`` from memory.

Nothing happens in it, so that what is measured is the client. Runs as a process of its own:
``python -m benchmarks.answerer FILE...`` answers with the files in turn, announces itself in one JSON line, and ends
when its standard input does.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PASSWORD = "bench"  # noqa: S105  of a server that lives for seconds
_TICKET = {
    "data": {
        "ticket": "PVE:root@pam:00000000::c2lnbmF0dXJl",
        "CSRFPreventionToken": "00000000:c2ln",
        "username": "root@pam",
        "clustername": "bench",
    }
}
_ALLOWED = {"data": {"/": {"Sys.Audit": 1, "VM.Audit": 1, "Datastore.Audit": 1}}}


@dataclass(frozen=True, slots=True)
class Answerer:
    """A running one."""

    process: subprocess.Popen[str]
    port: int
    fingerprint: str

    @property
    def environment(self) -> dict[str, str]:
        """What makes proxtui ask it."""
        return {
            "PROXMOX_HOST": "127.0.0.1",
            "PROXMOX_PORT": str(self.port),
            "PROXMOX_USERNAME": "root@pam",
            "PROXMOX_PASSWORD": PASSWORD,
            "PROXMOX_FINGERPRINT": self.fingerprint,
        }

    def requests(self) -> dict[str, int]:
        """How often each ``METHOD PATH`` has been asked since the last time."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("count\n")
        self.process.stdin.flush()
        counted: dict[str, int] = json.loads(self.process.stdout.readline())
        return counted


@contextmanager
def answering(bodies: Sequence[bytes]) -> Iterator[Answerer]:
    """Run one that tells these bodies in turn."""
    with tempfile.TemporaryDirectory(prefix="proxtui-bench-") as folder:
        files = [Path(folder) / f"{number}.json" for number in range(len(bodies))]
        for file, body in zip(files, bodies, strict=True):
            file.write_bytes(body)
        command = [sys.executable, "-m", "benchmarks.answerer", *map(str, files)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                told = json.loads(process.stdout.readline())
                yield Answerer(process, told["port"], told["fingerprint"])
            finally:
                process.stdin.close()
                process.terminate()


class _Server:
    def __init__(self, bodies: Sequence[bytes]) -> None:
        self._bodies = itertools.cycle(bodies)
        self._by_node = _by_node(json.loads(bodies[0])["data"])
        self.counts: Counter[str] = Counter()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                method, target, _ = head.split(" ", 2)
                lengths = [
                    line.split(":")[1] for line in head.lower().split("\r\n") if line.startswith("content-length")
                ]
                if lengths:
                    await reader.readexactly(int(lengths[0]))
                path = target.split("?")[0].removeprefix("/api2/json")
                self.counts[f"{method} {path}"] += 1
                self._answer(writer, path)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            # The client has gone; that is how a connection ends.
            writer.close()

    def _answer(self, writer: asyncio.StreamWriter, path: str) -> None:
        answers = {"/access/ticket": _TICKET, "/access/permissions": _ALLOWED} | self._by_node
        status = "200 OK"
        if path == "/cluster/resources":
            body = next(self._bodies)
        elif path in answers:
            body = json.dumps(answers[path]).encode()
        else:
            status, body = "501 not implemented", b'{"data":null}'
        kind = "application/json;charset=UTF-8"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        writer.write(body)


def _by_node(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The same guests as PVE tells them node by node, for clients that ask so."""
    nodes = [row for row in rows if row["type"] == "node"]
    answers: dict[str, Any] = {"/nodes": {"data": nodes}}
    for name, kind in itertools.product((row["node"] for row in nodes), ("qemu", "lxc")):
        answers[f"/nodes/{name}/{kind}"] = {"data": []}
    for row in rows:
        if "vmid" in row:
            answers[f"/nodes/{row['node']}/{row['type']}"]["data"].append(row)
    return answers


async def _run(bodies: Sequence[bytes]) -> None:
    from proxtui.sim.certificates import self_signed

    certificate = self_signed(["bench"], "bench")
    server = _Server(bodies)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=certificate.context())
    port = listening.sockets[0].getsockname()[1]
    print(json.dumps({"port": port, "fingerprint": certificate.fingerprint}), flush=True)
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(server.counts), flush=True)
        server.counts.clear()
    listening.close()


if __name__ == "__main__":
    asyncio.run(_run([Path(file).read_bytes() for file in sys.argv[1:]]))
