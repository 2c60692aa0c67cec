"""Who the audit says it was."""

import os
from dataclasses import replace

from proxtui.core.actor import is_alive, read_actor, started_at


def test_this_process_is_named_so_that_no_later_one_can_be_taken_for_it():
    actor = read_actor({"SSH_CONNECTION": "192.0.2.7 50000 192.0.2.1 22"})
    assert actor.pid == os.getpid()
    assert actor.started == started_at(os.getpid())
    assert actor.uid == os.getuid()
    assert actor.ssh_claimed == "192.0.2.7 50000 192.0.2.1 22"
    assert is_alive(actor)


def test_a_number_that_was_given_again_is_another_process():
    actor = read_actor({})
    assert not is_alive(replace(actor, started=actor.started + 1))
    assert not is_alive(replace(actor, boot="another-boot"))


def test_nobody_here_can_tell_of_a_process_on_another_machine():
    assert is_alive(replace(read_actor({}), host="jump2.example", pid=1, started=1))


def test_a_number_without_a_process_has_no_start():
    assert started_at(2**22 + 1) is None
