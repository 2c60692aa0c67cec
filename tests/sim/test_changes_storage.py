"""Images that come in, archives that go, and what is kept of them."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

import httpx
import pytest

from proxtui.sim.running import running
from proxtui.sim.uploads import Reader
from proxtui.sim.world import World

from .changes import Doer, guest_like
from .conftest import client

STORE = "/nodes/pve2/storage/local"
IMAGE = b"CD001" * 40_000


async def test_an_upload_to_another_node(doer: Doer) -> None:
    digest = hashlib.sha256(IMAGE).hexdigest()
    fields = {"content": "iso", "checksum-algorithm": "sha256", "checksum": digest}
    answer = await doer.http.post(f"{STORE}/upload", data=fields, files={"filename": ("my image.iso", IMAGE)})
    upid = answer.json()["data"]
    assert upid.split(":")[1] == "pve1", "the node that received it copies it"
    assert upid.split(":")[5:7] == ["imgcopy", ""]
    assert await doer.end(upid) == "OK"
    rows = {row["volid"]: row for row in await doer.get(f"{STORE}/content", content="iso")}
    assert rows["local:iso/my_image.iso"]["size"] == len(IMAGE)
    lines = await doer.log(upid)
    assert lines[1:4] == [
        "target node: pve2",
        "target file: /var/lib/vz/template/iso/my_image.iso",
        f"file size is: {len(IMAGE)}",
    ]
    assert "finished file import successfully" in lines
    assert "local:iso/my_image.iso" not in [r["volid"] for r in await doer.get("/nodes/pve1/storage/local/content")]


async def test_uploads_that_are_refused(doer: Doer, world: World) -> None:
    async def send(http: httpx.AsyncClient, name: str, **fields: str) -> httpx.Response:
        return await http.post(f"{STORE}/upload", data={"content": "iso"} | fields, files={"filename": (name, b"x")})

    answer = await send(doer.http, "image.txt")
    assert (answer.status_code, answer.json()["errors"]) == (400, {"filename": "wrong file extension"})
    answer = await send(doer.http, "a.iso", **{"checksum-algorithm": "md5", "checksum": "0" * 32})
    ended = await doer.end(answer.json()["data"])
    assert ended.startswith("checksum mismatch: got '")
    assert "local:iso/a.iso" not in [row["volid"] for row in await doer.get(f"{STORE}/content")]
    async with client(world, who="auditor@pve!monitor") as http:
        answer = await send(http, "a.iso")
        assert (answer.status_code, answer.content) == (403, b"")
        assert answer.reason_phrase == "Permission check failed (/storage/local, Datastore.AllocateTemplate)"


@pytest.mark.parametrize("size", [1, 3, 17, 100_000])
def test_a_body_is_read_in_whatever_pieces_it_comes(size: int) -> None:
    file = b"\r\n--X not the end\r\n--" * 7
    body = (
        b'--XYZ\r\nContent-Disposition: form-data; name="content"\r\n\r\niso\r\n'
        b'--XYZ\r\nContent-Disposition: form-data; name="checksum-algorithm"\r\n\r\nmd5\r\n'
        b'--XYZ\r\nContent-Disposition: form-data; name="filename"; filename="a.iso"\r\n\r\n'
        + file
        + b"\r\n--XYZ--\r\n"
    )
    reader = Reader("multipart/form-data; boundary=XYZ")
    for start in range(0, len(body), size):
        reader.feed(body[start : start + size])
    found = reader.end()
    assert (found.broken, found.filename, found.size) == (None, "a.iso", len(file))
    assert found.fields == {"content": "iso", "checksum-algorithm": "md5"}
    assert found.digest == hashlib.md5(file, usedforsecurity=False).hexdigest()


def test_a_body_that_breaks_off_is_broken() -> None:
    reader = Reader("multipart/form-data; boundary=XYZ")
    reader.feed(b'--XYZ\r\nContent-Disposition: form-data; name="filename"; filename="a.iso"\r\n\r\nabc')
    assert reader.end().broken == "upload failed: unexpected end of data"


async def test_an_upload_over_a_socket_is_larger_than_other_bodies_may_be(world: World) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield head
        for _ in range(20):
            yield b"x" * 100_000
        yield tail

    head = (
        b'--B\r\nContent-Disposition: form-data; name="content"\r\n\r\niso\r\n--B\r\nContent-Disposition: form-data; '
    )
    head += b'name="filename"; filename="big.iso"\r\n\r\n'
    tail = b"\r\n--B--\r\n"
    async with running(world, alive=False) as told, httpx.AsyncClient(verify=False) as http:  # noqa: S501
        server = told["servers"][0]
        answer = await http.post(
            f"https://127.0.0.1:{server['port']}/api2/json{STORE}/upload",
            content=pieces(),
            headers={
                "Authorization": f"PVEAPIToken={server['token_id']}={server['token_secret']}",
                "Content-Type": "multipart/form-data; boundary=B",
                "Content-Length": str(len(head) + 2_000_000 + len(tail)),
            },
        )
        assert answer.status_code == 200, answer.text
        assert ":imgcopy::" in answer.json()["data"]


async def test_downloads(doer: Doer) -> None:
    url = "https://example.test/images/debian-13.iso"
    told = await doer.get("/nodes/pve1/query-url-metadata", url=url)
    assert told["filename"] == "debian-13.iso"
    params = {"content": "iso", "filename": "debian-13.iso", "url": url}
    upid = await doer.ask("POST", f"{STORE}/download-url", **params)
    assert upid.split(":")[1] == "pve2"
    assert await doer.end(upid) == "OK"
    rows = {row["volid"]: row for row in await doer.get(f"{STORE}/content", content="iso")}
    assert rows["local:iso/debian-13.iso"]["size"] == told["size"]
    gone = params | {"url": "https://unreachable.test/x.iso", "filename": "x.iso"}
    ended = await doer.do("POST", f"{STORE}/download-url", **gone)
    assert ended.startswith("download failed:")
    assert (await doer.refusal("GET", "/nodes/pve1/query-url-metadata?url=ftp://x"))[0] == 400
    assert (await doer.refusal("POST", f"{STORE}/download-url", **params | {"filename": "x.exe"}))[1] == (
        "filename: wrong file extension"
    )


async def test_notes_protection_and_deleting(doer: Doer) -> None:
    guest = guest_like(doer.site, pool="shop")
    store = f"/nodes/{guest.node}/storage/nfs-backup/content"
    rows = await doer.get(store, content="backup", vmid=guest.vmid)
    volid = rows[0]["volid"]
    assert await doer.ask("PUT", f"{store}/{volid}", notes="before the upgrade", protected=1) is None
    found = await doer.get(f"{store}/{volid}")
    assert (found["notes"], found["protected"]) == ("before the upgrade", 1)
    assert await doer.do("DELETE", f"{store}/{volid}") == f"volume '{volid}' is protected"
    await doer.ask("PUT", f"{store}/{volid}", protected=0)
    assert await doer.do("DELETE", f"{store}/{volid}") == "OK"
    assert volid not in [row["volid"] for row in await doer.get(store, content="backup", vmid=guest.vmid)]
    assert await doer.refusal("PUT", f"{store}/{volid}", notes="x") == (500, f"volume '{volid}' does not exist")


async def test_pruning_keeps_what_the_preview_says(doer: Doer) -> None:
    guest = guest_like(doer.site, pool="shop", kind="lxc")
    prune, content = (f"/nodes/{guest.node}/storage/nfs-backup/{name}" for name in ("prunebackups", "content"))
    archives = await doer.get(content, content="backup", vmid=guest.vmid)
    assert len(archives) > 3
    params = {"vmid": guest.vmid, "prune-backups": "keep-last=2"}
    preview = await doer.get(prune, **params)
    marks = [row["mark"] for row in preview if row["mark"] != "protected"]
    assert (marks.count("keep"), marks.count("remove")) == (2, len(marks) - 2)
    newest = sorted((row for row in preview if row["mark"] == "keep"), key=lambda row: row["ctime"])
    assert all(row["ctime"] <= newest[0]["ctime"] for row in preview if row["mark"] == "remove")
    assert await doer.do("DELETE", prune, **params) == "OK"
    left = {row["volid"] for row in await doer.get(content, content="backup", vmid=guest.vmid)}
    assert left == {row["volid"] for row in preview if row["mark"] != "remove"}
    assert all(
        row["mark"] != "remove" for row in await doer.get(prune, vmid=guest.vmid, **{"prune-backups": "keep-all=1"})
    )


async def test_backups_of_several_guests_are_one_task(doer: Doer) -> None:
    guests = [guest for guest in doer.site.held_by("pve1") if not guest.template][:2]
    vms = ",".join(str(guest.vmid) for guest in guests)
    guests[1].lock = "migrate"
    upid = await doer.ask("POST", "/nodes/pve1/vzdump", vmid=vms, storage="nfs-backup", mode="stop")
    assert upid.split(":")[5:7] == ["vzdump", ""]
    assert await doer.end(upid, 60) == "job errors"
    rows = await doer.get("/nodes/pve1/storage/nfs-backup/content", content="backup", vmid=guests[0].vmid)
    assert max(row["ctime"] for row in rows) > doer.clock.now - 120
    assert guests[0].lock is None
    assert await doer.refusal("POST", "/nodes/pve1/vzdump", vmid="103", storage="ceph-vm") == (
        500,
        "storage 'ceph-vm' does not support backups",
    )
