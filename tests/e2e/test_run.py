"""run, rerun, deploy, function, receipt: functions by CID on data by CID."""

import hashlib
import json


def run_json(timerose, *args, code=0, stdin=b""):
    return json.loads(timerose.text("run", "-o", "json", *args, code=code, stdin=stdin))


def test_a_module_runs_by_path_and_by_cid(timerose, guests):
    assert timerose("run", guests("hello")).stdout == b"hello\n"
    cid = timerose.text("add", guests("hello"))
    assert timerose("run", cid).stdout == b"hello\n"
    folder = timerose.text("add", "-w", "-Q", guests("hello"))
    assert timerose("run", folder + "/hello.wasm").stdout == b"hello\n"


def test_inputs_are_cids_paths_and_standard_input(timerose, guests):
    (timerose.folder / "text").write_bytes(b"some text")
    cid = timerose.text("add", "text")
    for x in (cid, "text", "./text"):
        assert timerose("run", "--input", x, guests("cat")).stdout == b"some text"
    assert timerose("run", "--input", "-", guests("cat"), stdin=b"piped").stdout == b"piped"
    assert timerose("run", "--stdin", "-", guests("cat"), stdin=b"piped").stdout == b"piped"
    assert timerose("run", "--input", cid, "--stdin", "-", guests("cat"), stdin=b"p").stdout == b"p"
    assert timerose("run", guests("cat"), stdin=b"not read").stdout == b""


def test_options_may_follow_the_function(timerose, guests):
    (timerose.folder / "text").write_bytes(b"some text")
    assert timerose("run", guests("cat"), "--input", "text").stdout == b"some text"


def test_arguments_and_environment_are_the_guests(timerose, guests):
    out = timerose("run", "--env", "B=2", "--env", "A=1=1", guests("echo"), "x", "--env", "", "[a]")
    words = out.stdout.split(b"\0")
    assert words[1:5] == [b"x", b"--env", b"", b"[a]"]
    assert sorted(words[5:7]) == [b"A=1=1", b"B=2"]
    out = timerose("run", guests("echo"), "--env", "A=1", "--", "--input", "--")
    assert out.stdout.split(b"\0")[1:4] == [b"--input", b"--", b"A=1"]


def test_the_exit_code_is_the_guests(timerose, guests):
    timerose("run", guests("exit7"), code=7)
    timerose("run", guests("exit7"), code=7)  # from the memo too
    assert run_json(timerose, guests("exit7"), code=7)["exit_code"] == 7


def test_the_answer_as_json(timerose, guests):
    first = run_json(timerose, guests("hello"))
    assert list(first) == [
        "invocation", "outcome", "output", "exit_code", "fuel_used", "memory_bytes_peak", "cached",
        "receipt",
    ]  # fmt: skip
    assert first["cached"] is False and first["exit_code"] == 0
    assert first["fuel_used"] > 0 and first["memory_bytes_peak"] == 65536
    assert timerose("cat", first["output"]).stdout == b"hello\n"
    again = run_json(timerose, guests("hello"))
    assert again == first | {"cached": True}
    assert timerose.text("run", "-o", "cid", guests("hello")) == first["output"]
    fresh = run_json(timerose, "--no-memo", guests("hello"))
    assert fresh["cached"] is False and fresh["outcome"] == first["outcome"]


def test_the_memo_answers_with_all_that_was_written(timerose, guests):
    content = bytes(range(256)) * 1000  # longer than an Outcome holds itself
    cid = timerose.text("add", stdin=content)
    for _ in range(2):
        assert timerose("run", "--input", cid, guests("cat")).stdout == content
    assert run_json(timerose, "--input", cid, guests("cat"))["cached"] is True


def test_randomness_is_the_invocations(timerose, guests):
    first = timerose("run", "--no-memo", guests("random")).stdout
    assert len(first) == 16
    assert timerose("run", "--no-memo", guests("random")).stdout == first
    assert timerose("run", "--seed", "00ff", guests("random")).stdout != first
    assert "--seed" in timerose.complaint("run", "--seed", "xyz", guests("random"), code=125)


def test_modules_compose(timerose, guests):
    timerose("run", "--link", f"other={guests('answer')}", guests("linked"), code=42)
    complaint = timerose.complaint("run", guests("linked"), code=126)
    assert "other" in complaint and "answer" in complaint


def test_an_output_folder_is_the_output(timerose, guests):
    answer = run_json(timerose, guests("write_file"))
    assert [line.split()[-1] for line in timerose.lines("ls", answer["output"])] == ["big"]
    big = timerose("cat", answer["output"] + "/big").stdout
    assert len(big) == 32 << 20 and big[1 << 20 : (1 << 20) + 4] == b"\1\0\0\0"


def test_rerun_says_whether_the_outcome_is_the_same(timerose, guests):
    answer = run_json(timerose, guests("hello"))
    assert timerose.text("rerun", answer["invocation"]) == f"same: {answer['outcome']}"
    told = json.loads(timerose.text("rerun", "-o", "json", answer["invocation"]))
    assert told["same"] is True and told["remembered"] == answer["outcome"]
    timerose.complaint("rerun", answer["output"], code=126)


def test_receipts_are_shown_and_verified(timerose, guests):
    answer = run_json(timerose, guests("hello"))
    shown = json.loads(timerose.text("receipt", "show", answer["receipt"]))
    assert shown["invocation"] == answer["invocation"] and shown["outcome"] == answer["outcome"]
    did = json.loads(timerose.text("id"))["DID"]
    assert shown["circumstances"]["executor"] == did
    assert timerose.text("receipt", "verify", answer["receipt"]) == f"valid: signed by {did}"
    for action in ("show", "verify"):
        assert f"{answer['outcome']} is no receipt" in timerose.complaint("receipt", action, answer["outcome"])


def test_a_forged_receipt_is_found(timerose, guests):
    answer = run_json(timerose, guests("hello"))
    block = bytearray(timerose("block", "get", answer["receipt"]).stdout)
    at = block.rindex(b"signature") + 20
    block[at] ^= 1
    forged = timerose.text("block", "put", "--codec", "dag-cbor", stdin=bytes(block))
    timerose.complaint("receipt", "verify", forged)


def test_a_function_fixes_what_every_call_sees(timerose, guests):
    function = timerose.text("deploy", "--env", "A=1", "--env", "B=1", guests("echo"))
    out = timerose("run", "--env", "B=2", function, "x").stdout
    assert out.split(b"\0")[1:4] == [b"x", b"A=1", b"B=2"]
    by_hand = run_json(timerose, "--env", "A=1", "--env", "B=2", guests("echo"), "x")
    assert run_json(timerose, "--env", "B=2", function, "x")["invocation"] == by_hand["invocation"]
    told = json.loads(timerose.text("function", "inspect", function))
    assert told["abi"] == "wasi" and told["needs"]["env"] == {"A": "1", "B": "1"}
    timerose("repo", "gc", "-q")
    timerose("run", function, "y")


def test_a_module_is_inspected(timerose, guests):
    told = json.loads(timerose.text("function", "inspect", guests("hello")))
    assert told["kind"] == "module" and told["abi"] == "wasi"
    assert told["imports"][0]["module"] == "wasi_snapshot_preview1"
    assert {"memory", "_start"} <= {entry["name"] for entry in told["exports"]}


def test_the_fan_shape_is_kept_to_the_byte(timerose, guests):
    function = timerose.text(
        "deploy", "--abi", "fan", "--fx", "fx", "--arg", "string", guests("upper")
    )
    module = timerose.text("add", "--profile", "fan-2021", guests("upper"))
    text = '{"Fxs":["fx"],"Bytecode":{"/":"%s"},"Args":[{"Name":"string","Codec":null}]}' % module
    assert timerose("cat", function).stdout.decode() == text
    assert timerose.text("add", "--profile", "fan-2021", stdin=text.encode()) == function
    out = timerose.text("run", "-o", "cid", "--input", "-", function, stdin=b"hello fan")
    assert out == timerose.text("add", "--profile", "fan-2021", stdin=b"HELLO FAN")
    assert timerose("run", "--input", "-", function, stdin=b"hello fan").stdout == b"HELLO FAN"
    timerose("repo", "gc", "-q")
    assert timerose("run", "--input", "-", function, stdin=b"again").stdout == b"AGAIN"


def test_deploy_refuses_what_makes_no_sense(timerose, guests):
    assert "--abi fan" in timerose.complaint("deploy", "--fx", "f", guests("hello"))
    timerose.complaint("deploy", "--abi", "fan", "--env", "A=1", guests("upper"))
    timerose.complaint("deploy", "--abi", "nonesuch", guests("hello"))
    timerose.complaint("deploy", __file__)


def test_results_survive_collection(timerose, guests):
    answer = run_json(timerose, "--input", "-", guests("cat"), stdin=b"x" * 5000)
    timerose("repo", "gc", "-q")
    assert timerose("cat", answer["output"]).stdout == b"x" * 5000
    timerose("receipt", "verify", answer["receipt"])
    timerose("rerun", answer["invocation"])


def test_a_damaged_precompiled_module_is_compiled_afresh(timerose, guests):
    assert timerose("run", guests("hello")).stdout == b"hello\n"
    files = [path for path in (timerose.repository / "modules").rglob("*") if path.is_file()]
    assert files
    for damage in (lambda data: data[: len(data) // 2], lambda data: b"", flip_bytes):
        for path in files:
            path.write_bytes(damage(path.read_bytes()))
        assert timerose("run", "--no-memo", guests("hello")).stdout == b"hello\n"


def flip_bytes(data):
    changed = bytearray(data)
    for i in range(0, len(changed), 97):
        changed[i] ^= 0xFF
    return bytes(changed)


def test_a_call_is_the_same_whatever_the_clock_and_the_environment(timerose, guests):
    cid = timerose.text("add", stdin=hashlib.sha256(b"x").digest())
    first = run_json(timerose, "--no-memo", "--input", cid, guests("cat"))
    timerose.folder.chmod(0o700)
    second = run_json(timerose, "--no-memo", "--input", cid, guests("cat"))
    assert first["outcome"] == second["outcome"]
