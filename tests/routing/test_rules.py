from edge.routing.rules import Route, Rules, Step, step


def test_steps_are_read_as_they_are_written():
    for text in ("cloud", "cloud:claude-x", "ollama:qwen3:8b"):
        assert str(step(text)) == text
    assert step("ollama:qwen3:8b") == Step("ollama", "qwen3:8b")


def test_routes_are_found_by_name():
    mine = Route("mine", (Step("local"),))
    rules = Rules(("cloud:x", "local"), own=(mine,))
    assert rules.find("mine") is mine
    assert rules.find("default") == Route("default", (Step("cloud", "x"), Step("local")))
    assert rules.find("yours") is None
