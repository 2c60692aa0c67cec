"""Images that come in: uploads, and downloads of the node's own."""

from __future__ import annotations

import hashlib
import re
import secrets
from urllib.parse import unquote, urlsplit

from proxtui.sim import work
from proxtui.sim.api import Call, Refused, failed, forbidden, invalid
from proxtui.sim.state import MIB, Node, Storage, Volume
from proxtui.sim.uploads import ALGORITHMS
from proxtui.sim.views import Row

SUFFIXES = {
    "iso": r".+\.(iso|img)",
    "vztmpl": r".+\.tar\.(gz|xz|zst|bz2)",
    "import": r".+\.(ova|ovf|qcow2|raw|vmdk)",
}
FOLDERS = {"iso": "iso", "vztmpl": "vztmpl", "import": "import"}
WAITING = "/var/tmp/pveupload"  # noqa: S108 -- only a line in a simulated log
PATHS = {"iso": "template/iso", "vztmpl": "template/cache", "import": "import"}


def check(call: Call) -> None:
    """Uploads are refused before their body is looked at: without a body, and slowly."""
    path = f"/storage/{call.path['storage']}"
    if not call.may(path, "Datastore.AllocateTemplate"):
        raise Refused(403, forbidden(path, "Datastore.AllocateTemplate").reason, empty=True, slow=True)


def upload(call: Call) -> str:
    """The receiving node copies the file to the target; so the UPID is of the node that was asked."""
    site, params, sent = call.site, call.params, call.upload
    target = site.nodes.get(call.path["node"])
    if target is None:
        raise failed(f"no such cluster node '{call.path['node']}'")
    storage = call.find_storage(call.path["storage"], target.name)
    if sent is None or sent.filename is None:
        raise invalid("filename", "property is missing and it is not optional")
    name = _checked_name(storage, params["content"], params["filename"])
    if not target.online:
        text = f"can't activate storage '{storage.name}' on node '{target.name}'"
        raise failed(f"{text}: command '/usr/bin/ssh' failed: exit code 255")
    temporary = f"{WAITING}-{secrets.token_hex(16)}"
    path = f"{storage.options.get('path', '/var/lib/vz')}/{PATHS[params['content']]}/{name}"
    fails = _wrong_checksum(call)
    copy = "cp --" if target is site.entry else f"/usr/bin/scp -o BatchMode=yes -o HostKeyAlias={target.name} -p --"
    goal = path if target is site.entry else f"[{target.ip}]:{path}"
    lines = [f"starting file import from: {temporary}", f"target node: {target.name}", f"target file: {path}"]
    lines += [f"file size is: {sent.size}", f"command: {copy} {temporary} {goal}", "finished file import successfully"]
    steps: list[work.Step] = [(0.1, line) for line in lines]
    size = sent.size
    steps.append((0.2, lambda moment: add_image(call, storage, target, params["content"], name, size, moment)))
    user = call.who.name
    return work.begin(site, site.entry, "imgcopy", "", user, seconds=0.4, steps=steps, fails=fails).upid


def _checked_name(storage: Storage, content: str, given: str) -> str:
    """The file's name as it is stored. Raises for a storage or a suffix that does not fit."""
    name = re.sub(r"[^-a-zA-Z0-9_.]", "_", re.split(r"[/\\]", given)[-1])
    if content not in storage.content.split(","):
        raise failed(f"storage '{storage.name}' does not support '{content}' content")
    if not re.fullmatch(SUFFIXES[content], name, re.IGNORECASE):
        raise invalid("filename", "wrong file extension")
    return name


def _wrong_checksum(call: Call) -> str | None:
    wanted, algorithm = call.params.get("checksum"), call.params.get("checksum-algorithm")
    if wanted is None or algorithm not in ALGORITHMS or call.upload is None:
        return None
    if call.upload.digest == wanted.lower():
        return None
    return f"checksum mismatch: got '{call.upload.digest}' != expect '{wanted}'"


def add_image(call: Call, storage: Storage, node: Node, content: str, name: str, size: int, moment: float) -> None:
    """The image is there; one of the same name is replaced."""
    key = storage.name if storage.shared else f"{node.name}:{storage.name}"
    volid = f"{storage.name}:{FOLDERS[content]}/{name}"
    form = (
        "iso"
        if content == "iso"
        else "t" + name.rpartition(".")[2].replace("gz", "gz")
        if content == "vztmpl"
        else (name.rpartition(".")[2])
    )
    volumes = call.site.volumes.setdefault(key, [])
    volumes[:] = [volume for volume in volumes if volume.volid != volid]
    volumes.append(Volume(volid, content, form, size, moment))


def size_at(url: str) -> int | None:
    """How large the file behind a URL would be; None where nobody answers: ``unreachable`` or ``404`` in the URL."""
    if "unreachable" in url or "404" in url or not urlsplit(url).hostname:
        return None
    return (40 + int(hashlib.sha256(url.encode()).hexdigest()[:4], 16) % 900) * MIB


def url_metadata(call: Call) -> Row:
    """What a server would say of a file."""
    url = call.params["url"]
    size = size_at(url)
    if size is None:
        raise failed("failed to query url metadata: 404 Not Found" if "404" in url else "failed to query url metadata")
    name = unquote(urlsplit(url).path.rpartition("/")[2])
    row: Row = {"size": size, "mimetype": "application/octet-stream"}
    return row | ({"filename": name} if name else {})


def download_check(call: Call) -> None:
    call.require(f"/storage/{call.path['storage']}", "Datastore.AllocateTemplate")
    if not (call.may("/", "Sys.Audit") and call.may("/", "Sys.Modify")):
        call.require(f"/nodes/{call.path['node']}", "Sys.AccessNetwork")


def download(call: Call) -> str:
    """Have the node fetch a file; a URL without an answer makes the task fail."""
    storage, params, url = call.storage, call.params, call.params["url"]
    name = _checked_name(storage, params["content"], params["filename"])
    path = f"{storage.options.get('path', '/var/lib/vz')}/{PATHS[params['content']]}/{name}"
    size = size_at(url)
    steps: list[work.Step] = [(0.2, f"downloading {url} to {path}")]
    node, user = call.node, call.who.name
    if size is None:
        fails = f"download failed: command '/usr/bin/wget --progress=dot:giga -O {path}.tmp {url}' failed: exit code 8"
        return work.begin(call.site, node, "download", name, user, seconds=2, steps=steps, fails=work.Late(fails)).upid
    total = size // 1024
    steps += [
        (0.5 + n, f"{total * n // 5}K ........ ........ ........ ........ {n * 20}% 110M 0s") for n in range(1, 6)
    ]
    steps.append((5.8, f"download of '{url}' to '{path}' finished"))
    steps.append((5.8, lambda moment: add_image(call, storage, node, params["content"], name, size, moment)))
    return work.begin(call.site, node, "download", name, user, seconds=6.0, steps=steps).upid
