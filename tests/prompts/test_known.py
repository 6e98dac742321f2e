"""Every known template compiles, and takes a whole agent's conversation."""

import pytest

from edge.prompts import known
from tests.prompts.awkward import NOW, template
from tests.prompts.test_template import BASH, LONG

ALL = sorted(name for name in vars(known) if name.isupper() and not name.startswith("_"))


@pytest.mark.parametrize("name", ALL)
def test_it_tells_everything(name: str) -> None:
    chat = template(getattr(known, name), bos="<s>", eos="</s>")
    assert chat.capabilities.append_only
    text = chat.render(LONG, [BASH], now=NOW, enable_thinking=True)
    for word in ("Be brief.", "List.", "Bash", "ls <é>", "a.py", "One file.", "Again."):
        assert text.count(word) >= 1
    assert "«»" not in text
