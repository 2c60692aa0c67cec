"""The parameter models: what a form can be made of, and what it says of a wrong line."""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxtui.errors import InvalidInput
from proxtui.pve import ContainerTools, VMTools, params
from proxtui.pve.params.base import Params, bounds_of, is_prose

MODELS = [getattr(params, name) for name in params.__all__ if name != "Params"]
NEEDED: dict[str, dict[str, Any]] = {
    "AgentExecParams": {"command": "ls"},
    "CloneParams": {"newid": 300},
    "ConfigParams": {"set": {"cores": 2}},
    "ContainerCreateParams": {"node": "pve1", "ostemplate": "local:vztmpl/x.tar"},
    "MigrateParams": {"target": "pve2"},
    "MoveDiskParams": {"disk": "scsi0", "storage": "tank"},
    "NotesParams": {"text": ""},
    "DeleteDiskParams": {"disk": "unused0"},
    "ResizeDiskParams": {"disk": "scsi0", "size": "+5G"},
    "RevertParams": {"keys": "memory"},
    "RollbackParams": {"snapname": "s1"},
    "SendKeyParams": {"key": "ret"},
    "SnapshotDeleteParams": {"snapname": "s1"},
    "SnapshotEditParams": {"snapname": "s1"},
    "SnapshotParams": {"snapname": "s1"},
    "TagsParams": {"tags": []},
    "VMCreateParams": {"node": "pve1"},
}
GUEST_MODELS = [model for model in MODELS if model.__module__.rpartition(".")[2].startswith("guests_")]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_field_can_be_shown_to_a_person(model: type[Params]) -> None:
    for name, field in model.model_fields.items():
        assert field.title, name
        assert len(field.title) <= 24, name
        assert (field.description or "").endswith((".", ":")), name
        assert len(field.description or "") <= 80, name


@pytest.mark.parametrize("model", GUEST_MODELS, ids=lambda model: model.__name__)
def test_a_copy_made_of_its_arguments_is_the_same(model: type[Params]) -> None:
    made = model(**NEEDED.get(model.__name__, {}))
    assert model(**made.arguments()) == made
    assert model.problems(made.arguments()) == ()
    assert made.having() == made


@pytest.mark.parametrize("model", GUEST_MODELS, ids=lambda model: model.__name__)
def test_what_is_no_parameter_is_refused_unseen(model: type[Params]) -> None:
    found = model.problems({**NEEDED.get(model.__name__, {}), "pasword": "hush hush"})
    assert [problem.field for problem in found] == ["pasword"]
    assert "hush" not in str(found)


def test_all_that_is_wrong_is_told_at_its_field() -> None:
    wrong = {"node": "-", "vmid": "7", "cores": True, "memory": "lots", "tags": "a,!", "start": "perhaps", "bios": "x"}
    found = {problem.field: problem.rule for problem in params.VMCreateParams.problems(wrong)}
    assert found == {
        "node": "a node name: letters, digits and hyphens, 63 at most, no hyphen at either end",
        "vmid": "a number from 100 to 999999999",
        "cores": "a whole number",
        "memory": "a whole number",
        "tags": "a tag: letters, digits, and _ + . - after the first",
        "start": "yes or no",
        "bios": "one of seabios or ovmf",
    }
    with pytest.raises(InvalidInput, match=r"^node "):
        params.VMCreateParams(**wrong)


def test_what_is_missing_is_told_too() -> None:
    found = params.ResizeDiskParams.problems({})
    assert [(problem.field, problem.rule) for problem in found] == [("disk", "is needed"), ("size", "is needed")]


def test_a_secret_is_shown_nowhere() -> None:
    given = {"node": "pve1", "ostemplate": "local:vztmpl/x.tar", "password": "hush"}
    (problem,) = params.ContainerCreateParams.problems(given)
    assert "hush" not in f"{problem} {problem.value!r}"
    assert problem.rule == "at least 5 characters"
    made = params.ContainerCreateParams(**{**given, "password": "hush hush"})
    assert "hush" not in f"{made!r} {made} {made.model_dump_json()}"
    assert made.form()["password"] == "hush hush"
    assert params.ContainerCreateParams.secrets() == {"password"}
    assert params.VMCreateParams.secrets() == {"cipassword"}
    (problem,) = params.ConfigParams.problems({"set": {"cipassword": "hush\x1b"}})
    assert "hush" not in f"{problem} {problem.value!r}"


@pytest.mark.parametrize("hidden", ["\x1b[2J", "\u202e", "\x9b", "\n"])
@pytest.mark.parametrize("name", ["disk", "iso", "net0", "cpu", "machine", "tags", "nameserver", "name", "ciuser"])
def test_what_a_terminal_obeys_is_in_no_parameter(name: str, hidden: str) -> None:
    fine = {"disk": "a:1", "iso": "a:iso/x", "net0": "virtio,bridge=vmbr0"}.get(name, "a")
    found = params.VMCreateParams.problems({"node": "pve1", name: f"{fine}{hidden}b"})
    # Tags are words with white space between.
    assert [problem.field for problem in found] == ([] if (name, hidden) == ("tags", "\n") else [name])


def test_empty_lines_of_a_form_say_nothing() -> None:
    made = params.VMCreateParams(
        node="pve1", vmid="", name="", disk="", iso="", net0="", cpu="", machine="", pool="", description="",
        ciuser="", cipassword="", sshkeys="", ipconfig0="", nameserver="", searchdomain="", tags="",
    )  # type: ignore[arg-type]  # fmt: skip
    assert made.form() == {"cores": 1, "memory": 512, "ostype": "l26", "sockets": 1}


def test_texts_of_a_form_become_what_they_mean() -> None:
    made = params.VMCreateParams(node="pve1", vmid="300", cores="4", start="yes", tags="web, db;prod")  # type: ignore[arg-type]
    assert (made.vmid, made.cores, made.start, made.tags) == (300, 4, True, ["web", "db", "prod"])


def test_each_kind_of_guest_has_its_own_fields() -> None:
    assert "online" not in params.MigrateParams.fields_for("lxc")
    assert "restart" not in params.MigrateParams.fields_for("qemu")
    assert {"online", "restart", "target"} <= params.MigrateParams.fields_for().keys()
    with pytest.raises(InvalidInput, match="only for containers"):
        params.DeleteParams(force=True).form("qemu")
    assert params.DeleteParams(force=False).form("qemu") == {"destroy-unreferenced-disks": False}


def test_a_form_finds_the_bounds_of_a_number() -> None:
    fields = params.VMCreateParams.model_fields
    assert bounds_of(fields["vmid"]) == {"ge": 100, "le": 999_999_999}
    assert bounds_of(fields["memory"]) == {"ge": 16, "le": 8_388_608}
    assert bounds_of(fields["name"]) == {}


@given(st.dictionaries(st.sampled_from(sorted(params.VMCreateParams.model_fields)), st.text() | st.integers()))
def test_no_line_of_a_form_breaks_anything(values: dict[str, Any]) -> None:
    found = params.VMCreateParams.problems({"node": "pve1", **values})
    assert all(problem.field in params.VMCreateParams.model_fields for problem in found)
    if not found:
        form = params.VMCreateParams(**{"node": "pve1", **values}).form()
        assert all(is_prose(str(value)) for value in form.values())


TAKERS = [
    (params.ShutdownParams, VMTools.shutdown_vm, "qemu"),
    (params.ShutdownParams, ContainerTools.shutdown_container, "lxc"),
    (params.StopParams, VMTools.stop_vm, "qemu"),
    (params.StopParams, ContainerTools.stop_container, "lxc"),
    (params.RebootParams, VMTools.restart_vm, "qemu"),
    (params.RebootParams, ContainerTools.restart_container, "lxc"),
    (params.HibernateParams, VMTools.hibernate_vm, "qemu"),
    (params.SendKeyParams, VMTools.send_key, "qemu"),
    (params.CloneParams, VMTools.clone_vm, "qemu"),
    (params.CloneParams, ContainerTools.clone_container, "lxc"),
    (params.DeleteParams, VMTools.delete_vm, "qemu"),
    (params.DeleteParams, ContainerTools.delete_container, "lxc"),
    (params.TemplateParams, VMTools.convert_vm_to_template, "qemu"),
    (params.TemplateParams, ContainerTools.convert_container_to_template, "lxc"),
    (params.MigrateParams, VMTools.migrate_vm, "qemu"),
    (params.MigrateParams, ContainerTools.migrate_container, "lxc"),
    (params.ResizeDiskParams, VMTools.resize_disk, "qemu"),
    (params.MoveDiskParams, VMTools.move_disk, "qemu"),
    (params.DeleteDiskParams, VMTools.delete_disk, "qemu"),
    (params.RevertParams, VMTools.revert_vm_config, "qemu"),
    (params.TagsParams, VMTools.set_tags, "qemu"),
    (params.NotesParams, VMTools.set_notes, "qemu"),
    (params.SnapshotParams, VMTools.create_snapshot, "qemu"),
    (params.SnapshotParams, ContainerTools.create_snapshot, "lxc"),
    (params.RollbackParams, VMTools.rollback_snapshot, "qemu"),
    (params.SnapshotEditParams, VMTools.update_snapshot, "qemu"),
    (params.SnapshotDeleteParams, VMTools.delete_snapshot, "qemu"),
    (params.AgentExecParams, VMTools.agent_exec, "qemu"),
]


@pytest.mark.parametrize(("model", "method", "kind"), TAKERS, ids=lambda it: getattr(it, "__name__", it))
def test_a_call_takes_the_fields_of_its_model(model: type[Params], method: Any, kind: str) -> None:
    given = model(**NEEDED.get(model.__name__, {})).arguments(kind)
    if model is params.SnapshotParams and kind == "lxc":
        assert "vmstate" not in given
    bound = inspect.signature(method).bind(None, "pve1", 100, **given)
    assert given.keys() <= bound.arguments.keys() | bound.arguments.get("more", {}).keys()


def test_reading_loads_none_of_it() -> None:
    asked = "import sys, proxtui.pve.vms, proxtui.pve.containers; print('pydantic' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"


@pytest.mark.parametrize("secret", ["two\nlines", "a\x00b", "\u202eabcde", "lone \ud800 half"])
def test_a_password_that_nobody_could_type_again_is_refused_and_not_told(secret: str) -> None:
    for model, field in ((params.VMCreateParams, "cipassword"), (params.ContainerCreateParams, "password")):
        (problem,) = [one for one in model.problems({"node": "pve1", field: secret}) if one.field == field]
        assert "one line" in str(problem)
        assert secret not in str(problem)


@pytest.mark.parametrize(
    ("model", "given", "fields"),
    [
        (params.UploadParams, {"file": "isos/a.txt", "checksum_algorithm": "md5"}, ["filename", "checksum"]),
        (params.UploadParams, {"file": "isos/a.txt", "checksum": "xyz"}, ["filename", "checksum"]),
        (params.CloneParams, {"storage": "tank", "format": "raw"}, ["storage", "format"]),
        (params.MoveDiskParams, {"disk": "scsi0", "target_disk": "scsi1"}, ["storage", "target_disk"]),
        (params.BackupParams, {"node": "n1", "exclude": [100]}, ["vmids", "exclude"]),
        (params.PruneParams, {"keep_all": True, "keep_last": 1, "keep_daily": 1}, ["keep_last", "keep_daily"]),
        (params.ConfigParams, {"set": {"node": "x"}, "delete": ["node", "lock"]}, ["set", "set", "delete", "delete"]),
    ],
)
def test_all_that_does_not_go_together_is_told_at_once(
    model: type[Params], given: dict[str, Any], fields: list[str]
) -> None:
    assert [problem.field for problem in model.problems(given)] == fields
    with pytest.raises(InvalidInput) as caught:
        model(**given)
    assert caught.value.field == fields[0]
