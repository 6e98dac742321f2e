import pytest

from edge.chat import Usage
from edge.routing.prices import TABLE, cost, load_prices, price_of
from edge.units import Tokens

PRICES = load_prices()
MILLION = Tokens(1_000_000)


@pytest.mark.parametrize(
    ("model", "input_price"),
    [
        ("claude-opus-5-5", 4.0),
        ("claude-opus-5-20260724", 5.0),
        ("claude-opus-4-8", 5.0),
        ("claude-opus-4-1-20250805", 15.0),
        ("Claude-Sonnet-5-5[1m]", 2.0),
        ("claude-haiku-4-5-20251001", 1.0),
    ],
)
def test_a_model_has_the_price_of_the_longest_name_it_begins_with(model, input_price):
    price = price_of(model, PRICES)
    assert price is not None
    assert price.input == input_price


def test_what_is_not_named_has_no_price():
    assert price_of("gpt-6", PRICES) is None
    assert price_of("", PRICES) is None


def test_the_source_is_named():
    assert "source = " in TABLE.read_text()


def test_an_answer_costs_what_its_parts_cost():
    price = price_of("claude-opus-5-5", PRICES)
    assert price is not None
    usage = Usage(input=MILLION, cache_read=MILLION, cache_creation=MILLION, output=MILLION)
    assert cost(usage, price) == pytest.approx(4 + 0.2 + 5 + 20)


def test_a_long_prompt_costs_more_on_every_token():
    price = price_of("claude-haiku-5-5", PRICES)
    assert price is not None
    short = Usage(input=Tokens(50_000), cache_read=Tokens(50_000), output=Tokens(10))
    long = Usage(input=Tokens(50_001), cache_read=Tokens(50_000), output=Tokens(10))
    assert cost(short, price) == pytest.approx((50_000 * 0.1 + 50_000 * 0.01 + 10 * 0.5) / 1e6)
    assert cost(long, price) == pytest.approx((50_001 * 0.5 + 50_000 * 0.05 + 10 * 2.5) / 1e6)
