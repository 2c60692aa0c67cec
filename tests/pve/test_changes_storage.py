"""Storages changed: the requests, PVE's schema, and what is refused before."""

from __future__ import annotations

import pytest

from proxtui.errors import InvalidInput, PermissionDenied, UnexpectedAnswer
from proxtui.pve.models_storage import PruneMark, UrlMetadata
from proxtui.pve.params import DownloadUrlParams, PruneParams, UploadParams
from proxtui.pve.rehearsal import PlannedRequest, Rehearsal
from proxtui.pve.rules import without_credentials
from proxtui.pve.storage import StorageTools
from proxtui.pve.validators import InputValidator

from .changing import UPID, Recorder, Sent
from .fakes import FakeClient, data
from .schema import VERSIONS, PveSchema, needs_schema
from .tables import Change, pve_takes, refuses_answers_that_are_no_task, sends_nothing, sends_one_request

S = "/nodes/pve1/storage/local"
ISO = f"{S}/content/local%3Aiso%2Fup.iso"
BACKUP = "local:backup/vzdump-lxc-200-2026_11_21-23_50_50.tar.zst"
URL = "https://mirror.example.test/debian-13.iso"
SHA = "a" * 64


def download(**values: object) -> object:
    return lambda c: StorageTools(c).download_url("pve1", "local", DownloadUrlParams(**{"url": URL, **values}))


def prune(**values: object) -> object:
    return lambda c: StorageTools(c).prune("pve1", "local", PruneParams(**values))


CHANGES = {
    "delete": Change(
        lambda c: StorageTools(c).delete_storage_content("pve1", "local", "local:iso/up.iso"), Sent("DELETE", ISO)
    ),
    "delete and wait": Change(
        lambda c: StorageTools(c).delete_storage_content("pve1", "local", "local:iso/up.iso", delay=5),
        Sent("DELETE", ISO, {"delay": 5}),
    ),
    "protect": Change(
        lambda c: StorageTools(c).update_storage_content("pve1", "local", BACKUP, protected=True),
        Sent("PUT", f"{S}/content/{BACKUP.replace(':', '%3A').replace('/', '%2F')}", {"protected": True}),
        task=False,
    ),
    "no protection, other notes": Change(
        lambda c: StorageTools(c).update_storage_content("pve1", "local", BACKUP, notes="a\nb", protected=False),
        Sent(
            "PUT",
            f"{S}/content/{BACKUP.replace(':', '%3A').replace('/', '%2F')}",
            {"notes": "a\nb", "protected": False},
        ),
        task=False,
    ),
    "download": Change(
        download(),
        Sent(
            "POST",
            f"{S}/download-url",
            {"content": "iso", "filename": "debian-13.iso", "url": URL, "verify-certificates": True},
        ),
    ),
    "download with all": Change(
        download(
            content="vztmpl", url="http://x.test:8080/t?id=1", filename="t.tar.zst", checksum=SHA,
            verify_certificates=False,
        ),
        Sent("POST", f"{S}/download-url", {
            "content": "vztmpl", "filename": "t.tar.zst", "url": "http://x.test:8080/t?id=1", "checksum": SHA,
            "checksum-algorithm": "sha256", "verify-certificates": False,
        }),
    ),
    "prune as the storage says": Change(
        lambda c: StorageTools(c).prune("pve1", "local"), Sent("DELETE", f"{S}/prunebackups")
    ),
    "prune": Change(
        prune(vmid=200, type="lxc", keep_last=3, keep_yearly="1"),
        Sent("DELETE", f"{S}/prunebackups", {
            "vmid": 200, "type": "lxc", "prune-backups": "keep-last=3,keep-yearly=1",
        }),
    ),
    "prune nothing": Change(
        prune(keep_all=True), Sent("DELETE", f"{S}/prunebackups", {"prune-backups": "keep-all=1"})
    ),
}  # fmt: skip
WRONG = {
    "a volume of another storage": (
        lambda c: StorageTools(c).delete_storage_content("pve1", "local", "tank:iso/up.iso"),
        "volid",
    ),
    "no volume": (lambda c: StorageTools(c).delete_storage_content("pve1", "local", ""), "volid"),
    "a volume that climbs": (
        lambda c: StorageTools(c).delete_storage_content("pve1", "local", "local:iso/../../x"),
        "volid",
    ),
    "a name alone": (lambda c: StorageTools(c).update_storage_content("pve1", "local", "up.iso", notes="x"), "volid"),
    "a storage that climbs": (lambda c: StorageTools(c).prune("pve1", "../local"), "storage"),
    "too patient": (
        lambda c: StorageTools(c).delete_storage_content("pve1", "local", "local:iso/a.iso", delay=31),
        "delay",
    ),
    "nothing to change": (lambda c: StorageTools(c).update_storage_content("pve1", "local", BACKUP), "notes"),
    "another protocol": (download(url="file:///etc/passwd.iso"), "url"),
    "no host": (download(url="https:///x.iso"), "url"),
    "a secret in the URL": (download(url="https://ops:hush@x.test/x.iso"), "url"),
    "a name that is none": (download(url="https://x.test/"), "filename"),
    "a name that PVE would change": (download(filename="a b.iso"), "filename"),
    "a name that climbs": (download(filename="../a.iso"), "filename"),
    "another ending": (download(filename="debian.exe"), "filename"),
    "the ending alone": (download(filename=".iso"), "filename"),
    "the ending of another content": (download(content="vztmpl"), "filename"),
    "no such content": (download(content="backup"), "content"),
    "half a checksum": (download(checksum="abc"), "checksum"),
    "a checksum of another length": (download(checksum=SHA, checksum_algorithm="md5"), "checksum"),
    "a way without a checksum": (download(checksum_algorithm="md5"), "checksum"),
    "keep none": (prune(keep_last=0), "keep_last"),
    "keep all and some": (prune(keep_all=True, keep_daily=1), "keep_daily"),
    "no such kind": (prune(type="vm"), "type"),
    "a URL that is none": (lambda c: StorageTools(c).query_url_metadata("pve1", "debian.iso"), "url"),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_a_change_sends_one_request(name: str) -> None:
    await sends_one_request(CHANGES[name])


@needs_schema
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", CHANGES)
def test_pve_takes_it(name: str, version: str) -> None:
    pve_takes(CHANGES[name], version)


@pytest.mark.parametrize("name", WRONG)
async def test_wrong_input_is_not_sent(name: str) -> None:
    await sends_nothing(*WRONG[name])


@pytest.mark.parametrize("name", ["download", "prune"])
async def test_what_is_no_task_is_not_taken_for_one(name: str) -> None:
    await refuses_answers_that_are_no_task(CHANGES[name])


async def test_what_is_deleted_at_once_has_no_task() -> None:
    client = Recorder(replies=[None, "garbage", PermissionDenied("no")])
    tools = StorageTools(client)
    assert await tools.delete_storage_content("pve1", "local", "local:iso/up.iso") is None
    with pytest.raises(UnexpectedAnswer):
        await tools.delete_storage_content("pve1", "local", "local:iso/up.iso")
    with pytest.raises(PermissionDenied):
        await tools.delete_storage_content("pve1", "local", "local:iso/up.iso")


def test_a_password_in_a_url_is_shown_nowhere() -> None:
    for wrong in ("https://ops:hush@x.test/a.iso", "ftp://ops:hush@x.test/a.iso"):
        with pytest.raises(InvalidInput) as caught:
            DownloadUrlParams(url=wrong)
        with pytest.raises(InvalidInput) as again:
            InputValidator.check_url(wrong)
        assert "hush" not in f"{caught.value}{caught.value.value}{again.value}{again.value.value}"
    assert without_credentials("see https://a:b@x/y and http://z/@b") == "see https://***@x/y and http://z/@b"
    assert InputValidator.check_url("https://x.test/@b//c@d.iso") == "https://x.test/@b//c@d.iso"


async def test_what_a_node_finds_under_a_url() -> None:
    where = "/nodes/pve1/query-url-metadata"
    client = FakeClient({where: data({"filename": "debian-13.iso", "size": "700", "mimetype": "x/iso"})})
    found = await StorageTools(client).query_url_metadata("pve1", URL, verify_certificates=False)
    assert found == UrlMetadata(filename="debian-13.iso", size=700, mimetype="x/iso")
    assert client.asked == [f"{where}?url=https%3A%2F%2Fmirror.example.test%2Fdebian-13.iso&verify-certificates=0"]
    with pytest.raises(UnexpectedAnswer):
        await StorageTools(FakeClient({where: data(None)})).query_url_metadata("pve1", URL)


async def test_what_pruning_would_do() -> None:
    rows = [
        {"volid": BACKUP, "mark": "remove", "type": "lxc", "vmid": "200", "ctime": 5},
        {"volid": "local:backup/other.tar", "mark": "renamed", "type": "unknown", "ctime": 9},
        {"volid": "\u202elocal:x", "mark": "remove"},
        "x",
    ]
    client = FakeClient({f"{S}/prunebackups": data(rows)})
    found = await StorageTools(client).prune_preview("pve1", "local", PruneParams(keep_last=1, vmid=200))
    assert list(found) == [
        PruneMark(volid="local:backup/other.tar", mark="renamed", type="unknown", ctime=9),
        PruneMark(volid=BACKUP, mark="remove", vmid=200, type="lxc", ctime=5),
    ]
    assert ([mark.goes for mark in found], found.invalid) == ([False, True], 2)
    assert client.asked == [f"{S}/prunebackups?vmid=200&prune-backups=keep-last%3D1"]


@needs_schema
@pytest.mark.parametrize("version", VERSIONS)
def test_pve_takes_what_is_asked_before(version: str) -> None:
    schema = PveSchema(version)
    schema.check("GET", f"{S}/prunebackups", PruneParams(keep_last=1, vmid=200).form())
    schema.check("GET", "/nodes/pve1/query-url-metadata", {"url": URL, "verify-certificates": True})


async def test_an_upload_rehearsed(tmp_path) -> None:
    file = tmp_path / "debian-13.iso"
    file.write_bytes(b"x")
    rehearsal = Rehearsal(FakeClient({}))
    upid = await StorageTools(rehearsal).upload("pve1", "local", UploadParams(file=str(file), checksum=SHA))
    form = {"content": "iso", "checksum-algorithm": "sha256", "checksum": SHA, "filename": "debian-13.iso"}
    assert rehearsal.requests == [PlannedRequest("POST", f"{S}/upload", form)]
    assert list(rehearsal.requests[0].params) == list(form)
    assert upid.node == "pve1"


@needs_schema
@pytest.mark.parametrize("version", VERSIONS)
def test_pve_takes_the_form_of_an_upload(version: str) -> None:
    PveSchema(version).check("POST", f"{S}/upload", UploadParams(file="/x/a.img", checksum=SHA).form())


async def test_an_upload_of_pieces_answers_a_task() -> None:
    sent = []

    class Taker(Recorder):
        async def upload(self, path, upload, *, timeout=None):  # noqa: ASYNC109
            sent.append((path, upload.filename, b"".join([piece async for piece in upload]), timeout))
            return self.replies.pop(0)

    async def pieces():
        yield b"abc"

    tools = StorageTools(Taker(replies=[UPID, None]))
    params = UploadParams(filename="a.qcow2", content="import")
    assert await tools.upload("pve1", "local", params, pieces=(pieces(), 3), timeout=9) == UPID
    ((path, name, body, timeout),) = sent
    assert (path, name, timeout, b"\r\n\r\nabc\r\n--" in body) == (f"{S}/upload", "a.qcow2", 9, True)
    with pytest.raises(UnexpectedAnswer):
        await tools.upload("pve1", "local", params, pieces=(pieces(), 3))


@pytest.mark.parametrize(
    ("params", "pieces", "field"),
    [
        ({"filename": "a.iso"}, None, "file"),
        ({"file": "/x/a.iso"}, ([], 1), "file"),
        ({"file": "/no/such/a.iso"}, None, "file"),
        ({"file": "/x/a.exe"}, None, "filename"),
        ({"filename": "a.iso"}, ([], -1), "size"),
    ],
)
async def test_an_upload_of_nothing(params, pieces, field) -> None:
    await sends_nothing(lambda c: StorageTools(c).upload("pve1", "local", UploadParams(**params), pieces=pieces), field)
