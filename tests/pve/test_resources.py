from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxtui.errors import UnexpectedAnswer
from proxtui.pve import resources
from proxtui.pve.models import ProxmoxContainer, ProxmoxVM
from proxtui.pve.resources import Inventory, decode_leniently, decode_resources

VM = {"type": "qemu", "id": "qemu/100", "vmid": 100, "node": "pve1", "status": "running", "name": "web1"}
CT = {"type": "lxc", "id": "lxc/200", "vmid": 200, "node": "pve1", "status": "stopped", "name": "ct1"}
NODE = {"type": "node", "id": "node/pve1", "node": "pve1", "status": "online", "level": "", "cpu": 0.5, "maxcpu": 2}
STORAGE = {
    "type": "storage",
    "id": "storage/pve1/local",
    "storage": "local",
    "node": "pve1",
    "plugintype": "dir",
    "content": "iso,backup,images",
    "status": "available",
    "shared": 0,
    "disk": 5,
    "maxdisk": 9,
}


def body(*rows: Any) -> bytes:
    return json.dumps({"data": rows}).encode()


def read(*rows: Any) -> Inventory:
    return decode_resources(body(*rows))


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The bodies that needed the lenient way."""
    seen: list[bytes] = []

    def lenient(answer: bytes) -> Inventory:
        seen.append(answer)
        return decode_leniently(answer)

    monkeypatch.setattr(resources, "decode_leniently", lenient)
    return seen


def test_all_kinds_of_rows(patience: list[bytes]) -> None:
    found = read(VM, CT, NODE, STORAGE, {"type": "pool", "id": "/pool/p1", "pool": "p1"}, {"type": "sdn", "sdn": "x"})
    vm, ct = found.guests
    assert isinstance(vm, ProxmoxVM)
    assert isinstance(ct, ProxmoxContainer)
    assert (vm.vmid, vm.node, vm.name, vm.status, vm.type) == (100, "pve1", "web1", "running", "qemu")
    assert (ct.type, ct.status) == ("lxc", "stopped")
    assert (found.nodes[0].cpu, found.nodes[0].maxcpu, found.nodes[0].level) == (0.5, 2.0, None)
    storage = found.storages[0]
    assert (storage.type, storage.content, storage.active) == ("dir", ("backup", "images", "iso"), True)
    assert (storage.used, storage.total, storage.avail, storage.shared) == (5, 9, None, False)
    assert found.pools == ("p1",)
    assert (found.invalid, found.wrong_fields) == (0, 0)
    assert patience == []


def test_absent_is_unknown_and_never_zero() -> None:
    guest = read({"type": "qemu", "vmid": 100, "node": "pve1", "status": "unknown"}).guests[0]
    assert guest == ProxmoxVM(vmid=100, node="pve1", status="unknown")
    assert (guest.cpu, guest.mem, guest.name, guest.template, guest.uptime) == (None,) * 5


def test_zero_is_zero_but_the_disk_of_a_vm_is_unknown() -> None:
    vm, ct = read({**VM, "disk": 0, "mem": 0, "cpu": 0, "template": 0}, {**CT, "disk": 0}).guests
    assert (vm.disk, vm.mem, vm.cpu, vm.template) == (None, 0, 0.0, False)
    assert ct.disk == 0
    assert read({**VM, "disk": 7}).guests[0].disk == 7


@pytest.mark.parametrize("tags", ["prod;web", "prod,web", "prod web", "prod; web;;"])
def test_tags_are_split(tags: str) -> None:
    assert read({**VM, "tags": tags}).guests[0].tags == ("prod", "web")


@pytest.mark.parametrize("tags", [{"tags": ""}, {"tags": None}, {}])
def test_no_tags(tags: dict[str, Any]) -> None:
    assert read({**VM, **tags}).guests[0].tags == ()


def test_numbers_may_be_strings_and_flags_may_be_words(patience: list[bytes]) -> None:
    found = read({**VM, "vmid": "100", "mem": "5", "cpu": "0.5", "template": "1"}).guests[0]
    assert (found.vmid, found.mem, found.cpu, found.template) == (100, 5, 0.5, True)
    assert patience == []


@pytest.mark.parametrize("value", ["lots", "nan", "inf", True, -5, 2**63, [], {"a": 1}, "-1", 1e300])
def test_a_wrong_field_is_unknown_and_counted_and_its_row_is_kept(value: Any) -> None:
    found = read({**VM, "mem": value}, CT)
    assert [guest.vmid for guest in found.guests] == [100, 200]
    assert found.guests[0].mem is None
    assert found.guests[0].name == "web1"
    assert (found.invalid, found.wrong_fields) == (0, 1)


@pytest.mark.parametrize("value", ["lots", "nan", "inf", "-inf", True, -0.5, 1e300, [0.5]])
def test_a_load_that_is_none_is_unknown(value: Any) -> None:
    found = read({**VM, "cpu": value}, {**NODE, "cpu": value})
    assert (found.guests[0].cpu, found.nodes[0].cpu) == (None, None)
    assert (found.nodes[0].maxcpu, found.wrong_fields) == (2.0, 2)


@pytest.mark.parametrize(
    "row",
    [
        {**VM, "vmid": 99},
        {**VM, "vmid": True},
        {**VM, "vmid": None},
        {**VM, "vmid": "100/../../"},
        {**VM, "node": "../pve1"},
        {**VM, "node": "pve1\n"},
        {**VM, "node": "pv\u202ee1"},
        {**VM, "node": ""},
        {**VM, "node": 5},
        {key: value for key, value in VM.items() if key != "node"},
        {**NODE, "node": "a b"},
        {**STORAGE, "storage": "../local"},
        {**STORAGE, "node": "-"},
        {"type": "pool"},
        {"id": "qemu/100"},
        {"type": None},
        "qemu/100",
        None,
        7,
    ],
)
def test_a_row_that_does_not_say_what_it_is_about_is_dropped_and_counted(row: Any) -> None:
    found = read(CT, row)
    assert [guest.vmid for guest in found.guests] == [200]
    assert found.nodes == found.storages == found.pools == ()
    assert found.invalid == 1


@pytest.mark.parametrize("kind", ["network", "sdn", "something-of-pve-11"])
def test_other_kinds_are_no_business_of_ours(kind: str) -> None:
    found = read(VM, {"type": kind, "id": f"{kind}/pve1/x", "node": "pve1", "status": "ok"})
    assert len(found.guests) == 1
    assert (found.invalid, found.wrong_fields) == (0, 0)


def test_a_pool_is_known_by_its_id_too() -> None:
    assert read({"type": "pool", "id": "/pool/eu/web"}).pools == ("eu/web",)


HOSTILE = ["\x1b]0;owned\x07", "a\x9bb", "\u202egnp.exe", "\u200b", "a\x7f", "e" + "\u0301" * 30, "\ud800", "x" * 9000]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("field", ["name", "status", "lock", "pool", "hastate", "tags"])
def test_foreign_text_is_inert(field: str, text: str) -> None:
    rows = [{**VM, field: text}, CT, NODE]
    for answer in (json.dumps({"data": rows}), json.dumps({"data": rows}, ensure_ascii=False)):
        found = decode_resources(answer.encode("utf-8", "surrogatepass"))
        value = getattr(found.guests[0], field)
        shown = "".join(value)
        assert shown
        assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in shown)
        assert "\u202e" not in shown
        assert "\u200b" not in shown
        assert len(shown) <= 4096
        assert len(found.guests) == 2
        assert found.invalid == 0


def test_letters_of_all_alphabets_stay_and_cost_no_patience(patience: list[bytes]) -> None:
    found = decode_resources(json.dumps({"data": [{**VM, "name": "prüf-漢字"}, NODE]}, ensure_ascii=False).encode())
    assert found.guests[0].name == "prüf-漢字"
    assert patience == []


def test_del_alone_does_not_slip_through() -> None:
    assert decode_resources(b'{"data":[{"type":"qemu","vmid":100,"node":"a","name":"a\x7fb"}]}').guests[0].name == "a␡b"


def test_a_paused_machine_says_so_where_qemu_tells() -> None:
    assert read({**VM, "qmpstatus": "paused"}).guests[0].status == "paused"
    assert read({**VM, "qmpstatus": "running"}).guests[0].status == "running"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>501</html>",
        b"[]",
        b"null",
        b"{}",
        b'{"data":null}',
        b'{"data":{}}',
        b'{"data":[{"type":"qemu","vmid":100',
        b'{"data":' + b"[" * 100_000,
        b'{"data":[{"type":"qemu","vmid":' + b"1" * 5000 + b"}]}",
    ],
)
def test_what_is_not_an_answer_is_refused_in_one_line(answer: bytes) -> None:
    with pytest.raises(UnexpectedAnswer) as refused:
        decode_resources(answer)
    assert "\n" not in str(refused.value)
    assert "/cluster/resources" in str(refused.value)


NAME = st.from_regex(r"[a-z][a-z0-9-]{0,10}[a-z0-9]", fullmatch=True)
COUNT = st.none() | st.integers(0, 2**63 - 1) | st.integers(0, 2**40).map(str) | st.integers(0, 2**40).map(float)
NUMBER = st.none() | st.floats(0, 1e15) | st.integers(0, 10**15) | st.sampled_from(["0.5", "1e-3", "12"])
FLAG = st.sampled_from([None, 0, 1, "0", "1", True, False, "true"])
LABEL = st.none() | st.text(min_size=1, max_size=40)
COUNTS = ("mem", "maxmem", "memhost", "disk", "maxdisk", "uptime", "netin", "netout", "diskread", "diskwrite")
GUEST = st.fixed_dictionaries(
    {
        "vmid": st.integers(100, 999_999_999) | st.integers(100, 9999).map(str),
        "node": NAME,
        "type": st.sampled_from(["qemu", "lxc"]),
    },
    optional={key: COUNT for key in COUNTS}
    | {key: LABEL for key in ("name", "pool", "lock", "hastate")}
    | {"status": st.text(min_size=1), "cpu": NUMBER, "maxcpu": NUMBER, "template": FLAG}
    | {"tags": st.text(max_size=60), "id": st.text(), "unheard": st.lists(st.integers())},
)
OTHER = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("node"), "node": NAME},
        optional={"status": NAME, "cpu": NUMBER, "maxcpu": NUMBER, "mem": COUNT, "uptime": COUNT, "level": st.text()},
    ),
    st.fixed_dictionaries(
        {"type": st.just("storage"), "node": NAME, "storage": NAME},
        optional={"content": st.text(), "shared": FLAG, "disk": COUNT, "maxdisk": COUNT, "plugintype": NAME},
    ),
    st.fixed_dictionaries({"type": st.just("pool"), "pool": st.text(min_size=1)}),
    st.just({"type": "network", "id": "network/pve1/zone/x"}),
)


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(GUEST | OTHER, max_size=6), shuffle=st.randoms(use_true_random=False), escaped=st.booleans())
def test_both_ways_read_a_good_body_alike(rows: list[dict[str, Any]], shuffle: random.Random, escaped: bool) -> None:
    mixed = [dict(shuffle.sample(sorted(row.items()), len(row))) for row in rows]
    answer = json.dumps({"data": mixed}, ensure_ascii=escaped).encode()
    with pytest.MonkeyPatch.context() as patch:
        # A good body must not need the slow way at all.
        patch.setattr(resources, "decode_leniently", None)
        fast = decode_resources(answer)
    assert fast == decode_leniently(answer)
    assert (fast.invalid, fast.wrong_fields) == (0, 0)
    assert len(fast.guests) == sum(row["type"] in ("qemu", "lxc") for row in rows)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
KEYS = st.sampled_from([*VM, *NODE, *STORAGE, "tags", "mem", "pool", "lock", "template", "disk", "type"])


@settings(max_examples=200, deadline=None)
@given(rows=st.lists(st.dictionaries(KEYS, ANYTHING | st.sampled_from(["qemu", "lxc", "node", 100])), max_size=5))
def test_no_row_whatever_it_is_breaks_the_others(rows: list[dict[str, Any]]) -> None:
    found = decode_resources(json.dumps({"data": [*rows, CT]}).encode())
    assert found.guests[-1].vmid == 200
    for guest in found.guests:
        assert isinstance(guest.tags, tuple)
        assert guest.mem is None or (isinstance(guest.mem, int) and guest.mem >= 0)
        assert guest.cpu is None or 0 <= guest.cpu <= 1e15


@given(st.binary(max_size=60))
def test_no_bytes_whatever_they_are_crash_it(answer: bytes) -> None:
    with pytest.raises(UnexpectedAnswer):
        decode_resources(answer)
