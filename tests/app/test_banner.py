from edge.app.banner import serving, starting, urls


def test_the_start_names_the_model_and_gives_each_reason_a_line():
    assert starting("coder (/m/coder.gguf)", ["0.63 billion parameters", "bad.gguf is empty"]) == (
        "model      coder (/m/coder.gguf)\n"
        "           0.63 billion parameters\n"
        "           bad.gguf is empty"
    )


def test_two_lines_to_paste():
    said = serving(["http://127.0.0.1:4141"], "local", None, [])
    assert said.splitlines() == [
        "serving    http://127.0.0.1:4141",
        "route      local",
        "",
        "Paste these two lines, then start claude in any project:",
        "",
        "    export ANTHROPIC_BASE_URL=http://127.0.0.1:4141",
        "    export ANTHROPIC_AUTH_TOKEN=local",
    ]


def test_every_address_is_shown_and_the_first_is_pasted():
    said = serving(["http://192.0.2.1:1", "http://[2001:db8::1]:1"], "a > b", "s3cret", ["a note"])
    assert said.count("serving    http://") == 2
    assert "note       a note" in said
    assert "ANTHROPIC_BASE_URL=http://192.0.2.1:1\n" in said
    assert said.count("s3cret") == 1


def test_a_host_is_shown_as_it_was_named():
    assert urls("127.0.0.1", 4141, [], "car") == ["http://127.0.0.1:4141"]
    assert urls("box.lan", 80, ["192.0.2.1"], "car") == ["http://box.lan:80"]
    assert urls("::1", 4141, [], "car") == ["http://[::1]:4141"]


def test_a_wildcard_is_shown_as_the_addresses_that_lead_there():
    near = ["169.254.7.7", "192.0.2.1", "192.0.2.1"]
    assert urls("0.0.0.0", 1, near, "car") == ["http://192.0.2.1:1", "http://169.254.7.7:1"]
    assert urls("::", 1, ["fe80::1", "2001:db8::1"], "car")[0] == "http://[2001:db8::1]:1"


def test_a_machine_without_an_address_yet_has_its_name():
    assert urls("0.0.0.0", 4141, [], "car") == ["http://car.local:4141"]
