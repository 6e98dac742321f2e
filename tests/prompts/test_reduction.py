"""What a recording keeps of a request."""

from tests.prompts.reduction import reduce_body, reduce_text, reduce_tool

PROSE = "This is a long sentence that says nothing about any place, day or session at all. "


def test_prose_goes_and_what_may_differ_stays():
    text = f"# Memory\n\n{PROSE}It lies at `/home/ada/x/`. {PROSE}\n - Platform: linux\n"
    reduced = reduce_text(text)
    assert reduced.startswith("# Memory\n\n[prose 92 characters, sha256 ")
    assert "] `/home/ada/x/`. [prose 80 characters, sha256 " in reduced
    assert reduced.endswith("]. \n - Platform: linux\n")


def test_a_change_in_prose_shows():
    assert reduce_text(PROSE * 2) != reduce_text(PROSE * 2 + "Now.")


def test_of_tools_only_fragments_stay():
    tool = {"name": "T", "description": f"{PROSE}\nThe current month is May 2026.", "x": 1}
    body = {"messages": [{"role": "user", "content": "hi"}], "tools": [tool]}
    (reduced,) = reduce_body(body)["tools"]
    assert reduced["x"] == 1
    assert reduced["description"].endswith("current month is May 2026.")
    assert "sentence" not in reduced["description"]


def test_a_schema_may_stay_whole_but_for_its_prose():
    about = {"type": "string", "description": PROSE, "enum": [PROSE]}
    schema = {
        "type": "object",
        "properties": {"description": about, "x": {"description": "A short one"}},
        "required": ["description"],
    }
    kept = reduce_tool({"name": "T", "input_schema": schema}, schema=True)["input_schema"]
    reduced = kept["properties"].pop("description")
    assert reduced.pop("description").startswith("[prose 80 characters, sha256 ")
    assert reduced == {"type": "string", "enum": [PROSE]}
    assert kept == {**schema, "properties": {"x": {"description": "A short one"}}}


def test_what_a_tool_brought_is_reduced_and_what_is_absent_stays_absent():
    result = {"type": "tool_result", "content": [{"type": "text", "text": PROSE}]}
    messages = [{"role": "user", "content": [result]}, {"role": "system"}]
    reduced = reduce_body({"messages": messages})
    assert list(reduced) == ["messages"]
    assert reduced["messages"][1] == {"role": "system"}
    (part,) = reduced["messages"][0]["content"]
    assert part["content"][0]["text"].startswith("[prose 80 characters, sha256 ")


def test_twice_is_once():
    text = f"{PROSE}It lies at `/home/ada/x/`. {PROSE}\nand {PROSE}\n\n - Platform: linux\n"
    once = reduce_text(text)
    assert reduce_text(once) == once
    assert reduce_text(once * 3, short=-1, telling=-1) == once * 3
