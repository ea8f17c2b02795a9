"""What is said of requirements that make no sense, and of peers that cannot be reached."""

import pytest

from nodes import Node

NOBODY = "12D3KooWDnSuaiFXL4vKAJ5Ms3NFsXZtsSKohQuEcvvhJoJh3m4N"


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    node = Node(tmp_path_factory.mktemp("alone"), "alone")
    node.start_node()
    yield node
    node.end_node()


@pytest.mark.parametrize("requirement, position, found", [
    ("memory>>8GiB", 8, ">8GiB"),
    ("memory>=8XB", 9, "8XB"),
    ("memry>=8GiB", 1, "memry"),
    ("memory>=8GiB, label.zone=", 26, ""),
    ("cores", 6, ""),
])
@pytest.mark.parametrize("option", ["--require", "--prefer"])
def test_a_wrong_requirement_is_told_with_its_position_and_an_example(option, requirement, position, found, alone, guests):
    complaint = alone.complaint("run", option, requirement, guests("hello"), code=125)
    assert complaint.startswith(f'timerose: {option}: requirement "{requirement}", at character {position}: ')
    assert f"found '{found}'" in complaint
    assert "an example: memory>=8GiB, label.zone=eu" in complaint


def test_a_label_that_no_node_has_is_named(alone, guests):
    complaint = alone.complaint("run", "--require", "label.zone=eu", guests("hello"), code=125)
    assert "label.zone=eu: 1 fail it, and none has a label of this name" in complaint


@pytest.mark.parametrize("peer, why", [
    (NOBODY, "addresses of"),
    (f"/ip4/127.0.0.1/tcp/1/p2p/{NOBODY}", "Connection refused"),
])
def test_a_peer_that_cannot_be_reached_is_told_with_the_reason(peer, why, alone, guests):
    complaint = alone.complaint("run", "--at", peer, guests("hello"), code=127)
    assert NOBODY in complaint and why in complaint
