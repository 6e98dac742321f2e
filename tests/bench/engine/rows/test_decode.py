"""The bare loop's rate."""

import pytest

from tests.bench.engine.raw import Steps
from tests.bench.engine.rows.decode import raw_rate


class Loop:
    def decode(self, text: str, tokens: int, new: int) -> Steps:
        return Steps([float(n) / 10 for n in range(new)], [0.1] * new)


def test_from_the_first_token_to_the_last() -> None:
    assert raw_rate(Loop(), "", 100, 11) == pytest.approx(10)  # type: ignore[arg-type]
