"""id, key, config."""

import json

import pytest


def test_a_node_keeps_its_identity(timerose):
    first = json.loads(timerose.text("id"))
    assert first["ID"].startswith("12D3KooW")
    assert first["DID"].startswith("did:key:z6Mk")
    assert json.loads(timerose.text("id")) == first
    assert timerose("id", "-f", "<id> <did>\\n").stdout.decode() == f"{first['ID']} {first['DID']}\n"
    key = timerose.repository / "identity.key"
    assert (key.stat().st_mode & 0o777) == 0o600


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o602])
def test_a_key_file_that_others_may_use_is_refused(timerose, mode):
    timerose("id")
    key = timerose.repository / "identity.key"
    key.chmod(mode)
    complaint = timerose.complaint("id")
    assert "identity.key" in complaint and "chmod 600" in complaint
    key.chmod(0o600)
    timerose("id")


def test_a_damaged_key_file_is_refused_and_kept(timerose):
    timerose("id")
    key = timerose.repository / "identity.key"
    key.write_bytes(b"not a key")
    assert "identity.key" in timerose.complaint("id")
    assert key.read_bytes() == b"not a key"


def test_keys_are_made_listed_and_removed(timerose):
    identifier = timerose.text("key", "gen", "releases")
    assert identifier.startswith("k51")
    assert timerose.lines("key", "list") == ["self", "releases"]
    assert f"{identifier} releases" in timerose.lines("key", "list", "-l")
    assert "already" in timerose.complaint("key", "gen", "releases")
    assert timerose.text("key", "rm", "releases") == "releases"
    assert timerose.lines("key", "list") == ["self"]
    assert "key list" in timerose.complaint("key", "rm", "releases")


@pytest.mark.parametrize("name", ["self", "", "../x", "a/b", ".hidden", "x" * 65])
def test_a_name_that_cannot_be_a_keys_is_refused(timerose, name):
    timerose.complaint("key", "gen", name)


def test_settings_are_read_and_changed(timerose):
    assert timerose.text("config", "get", "Storage.Limit") == "0"
    timerose("config", "set", "Storage.Limit", "10GiB")
    assert timerose.text("config", "Storage.Limit") == "10GiB"
    timerose("config", "Import.Profile", "unixfs-v0-2015")
    shown = json.loads(timerose.text("config", "show"))
    assert shown["Storage"]["Limit"] == "10GiB"
    assert shown["Import"]["Profile"] == "unixfs-v0-2015"
    assert timerose.text("add", stdin=b"hello\n") == "QmZULkCELmmk5XNfCgTnCyFgAVxBRBXyDHGGMVoLFLiXEN"


def test_a_setting_that_makes_no_sense_is_refused(timerose):
    assert "Storage.Limit" in timerose.complaint("config", "get", "Storage.Max")
    assert "number of bytes" in timerose.complaint("config", "set", "Storage.Limit", "lots")
    assert timerose.text("config", "get", "Storage.Limit") == "0"


def test_a_damaged_configuration_is_named(timerose):
    timerose("id")
    (timerose.repository / "config.json").write_text("{")
    assert "config.json" in timerose.complaint("config", "show")
