"""The second opinion: which servers are meant, each way apart, one login at the most, as rows and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from proxtui.config.server import JumpHost
from proxtui.errors import NotFoundError, UsageError
from proxtui.features.connectivity.rows import COLUMNS, as_json, columns_for, rows_of
from proxtui.features.connectivity.service import Opinion, chosen, examine, examine_all, paths_of, worst_code
from proxtui.pve.stages import STAGES

from .opinions import PRINT, SHOWN, Doctor, config, diagnosis, place, server


def test_servers_are_chosen_by_name_or_by_place() -> None:
    two = config(server("prod"), server("lab"))
    assert [place.server for place, _ in chosen(two, [])] == ["prod", "lab"]
    assert [place.server for place, _ in chosen(two, ["lab", "acme/lab"])] == ["lab"]
    with pytest.raises(NotFoundError, match="acme/prod, acme/lab"):
        chosen(two, ["nowhere"])


def test_a_name_that_two_tenants_have_is_no_choice() -> None:
    both = config(server("pve"))
    both = type(both)(tenants=(*both.tenants, *config(server("pve"), tenant="zeta").tenants))
    with pytest.raises(UsageError, match="acme/pve, zeta/pve"):
        chosen(both, ["pve"])
    assert [str(place.tenant) for place, _ in chosen(both, ["zeta/pve"])] == ["zeta"]


async def test_every_way_is_tested_and_told_of_as_it_goes() -> None:
    doctor = Doctor(diagnosis("pve2:8006", "connect", verdict="route"))
    heard: list[Opinion] = []
    found = await examine(place("prod"), paths_of(server("prod", "pve1", "pve2")), heard.append, doctor)
    assert [(one.path, one.found and one.found.verdict) for one in found] == [
        ("pve1:8006", "ok"),
        ("pve2:8006", "route"),
    ]
    assert doctor.asked == [("pve1:8006", ""), ("pve2:8006", "")]
    # Begun, seven stages, done: for each of both ways.
    assert [len(one.stages) for one in heard] == [*range(8), 7] * 2
    assert [one.found is not None for one in heard] == ([False] * 8 + [True]) * 2


async def test_tailscale_is_a_way_of_its_own_beside_the_jump_hosts() -> None:
    more = {"use_tailscale": True, "tailscale_hostname": "prod.ts.net", "jumps": (JumpHost(host="jump"),)}
    paths = paths_of(replace(server("prod", "pve1"), **more))
    assert [(path.label, path.config.host, path.behind is not None) for path in paths] == [
        ("tailscale prod.ts.net:8006", "prod.ts.net", False),
        ("pve1:8006", "pve1", True),
    ]
    assert len(paths_of(replace(server("prod", "pve1"), **more | {"use_tailscale": False}))) == 1


async def test_a_login_that_was_refused_is_not_sent_on_another_way() -> None:
    doctor = Doctor(diagnosis("pve1:8006", "login", verdict="login"))
    await examine(place("prod"), paths_of(server("prod", "pve1", "pve2", "pve3")), None, doctor)
    why = "it failed on pve1:8006 and is not sent again"
    assert doctor.asked == [("pve1:8006", ""), ("pve2:8006", why), ("pve3:8006", why)]


async def test_servers_are_tested_apart_and_stay_in_order() -> None:
    doctor = Doctor(diagnosis("a:8006", "login", verdict="login"))
    both = config(server("a"), server("b"))
    found = await examine_all(both.servers(), doctor)
    assert [one.place.server for one in found] == ["a", "b"]
    assert ("b:8006", "") in doctor.asked


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        (["ok", "ok"], 0),
        (["ok", "node"], 1),
        (["quorum", "login"], 11),
        (["login", "name", "node"], 10),
        (["tls"], 10),
        (["proxy"], 10),
        (["route"], 10),
    ],
)
def test_the_exit_code_is_that_of_the_worst(verdicts: list[str], code: int) -> None:
    assert worst_code(Opinion(place("a"), "a:8006", (), diagnosis(verdict=one)) for one in verdicts) == code


def opinion(**fields: object) -> Opinion:
    found = diagnosis(**fields)  # type: ignore[arg-type]
    return Opinion(place("prod"), found.endpoint, found.stages, found)


def cells(one: Opinion) -> list[list[str]]:
    columns = [column for column in COLUMNS if column.key in ("stage", "state", "ms", "line")]
    return [[column.text(row) for column in columns] for row in rows_of([one])]


def test_rows_tell_stages_certificate_warnings_and_verdict() -> None:
    told = cells(
        opinion(failed="tls", verdict="tls", advice="Do it.", certificate=SHOWN, is_trusted=False, warnings=("w",))
    )
    assert told[1] == ["connect", "ok", "1.2", "connect line"]
    assert told[2] == ["tls", "failed", "3.0", "tls broke"]
    assert told[3] == ["first byte", "skipped", "–", "answer line"]
    assert told[-3:] == [
        [
            "certificate", "not trusted", "–",
            f"CN=pve1 for pve1, 10.0.0.1; by CN=Proxmox Virtual Environment; 2026-01-01 to 2027-01-01; {PRINT}",
        ],
        ["warning", "look", "–", "w"],
        ["verdict", "tls", "–", "Do it."],
    ]  # fmt: skip
    assert len({row.key for row in rows_of([opinion(), opinion(endpoint="pve2:8006")])}) == 16


def test_the_stage_that_runs_now_is_shown_as_running() -> None:
    half = diagnosis().stages[:3]
    told = cells(Opinion(place("prod"), "pve1:8006", half))
    assert [line[:2] for line in told[2:]] == [["tls", "ok"], ["first byte", "..."]]


def test_json_tells_everything_and_nothing_secret() -> None:
    value = json.loads(json.dumps(as_json(opinion(certificate=SHOWN, is_trusted=True, version="9.2.4"))))
    assert (value["tenant"], value["server"], value["path"], value["endpoint"]) == (
        "acme",
        "prod",
        "pve1:8006",
        "pve1:8006",
    )
    assert (value["success"], value["verdict"], value["error"], value["response_ms"]) == (True, "ok", None, 1.25)
    assert [stage["name"] for stage in value["stages"]] == list(STAGES)
    assert value["certificate"]["fingerprint"] == PRINT
    assert value["certificate"]["not_after"] == "2027-01-01T00:00:00+00:00"
    assert (value["version"], value["is_trusted"], value["clock_skew"]) == ("9.2.4", True, None)


def test_a_way_is_named_only_where_there_are_several() -> None:
    assert [column.key for column in columns_for(["pve1:8006"])] == ["order", "stage", "state", "ms", "line"]
    several = {column.key: column for column in columns_for(["pve1:8006", "pve1.example.org:8006"])}
    assert several["path"].width == len("pve1.example.org:8006")
