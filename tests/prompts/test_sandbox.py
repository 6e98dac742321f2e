"""The sandbox: what templates may use, and what they may not."""

import pytest

from edge.errors import ModelUnusable, TemplateFailed
from edge.prompts import sandbox
from edge.prompts.sandbox import Options, Program
from tests.prompts.awkward import NOW


def run(source: str, **options: object) -> str:
    return Program(source, bos="<s>", eos="</s>").run([], [], Options(now=NOW, **options))


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ bos_token }}{{ eos_token }}", "<s></s>"),
        ("{{ strftime_now('%Y-%m-%d') }} {{ date_string }}", "2026-11-22 22 Nov 2026"),
        ("{{ {'b': '<\u00e9>', 'a': 1} | tojson }}", '{"b": "<\u00e9>", "a": 1}'),
        ("{{ '\u00e9' | tojson(ensure_ascii=True) }}", '"\\u00e9"'),
        ("{{ [1] | tojson(indent=2) }}", "[\n  1\n]"),
        ("{{ [1, 2] | tojson(separators=(',', ':')) }}", "[1,2]"),
        ("{% for n in range(9) %}{% if n == 2 %}{% break %}{% endif %}{{ n }}{% endfor %}", "01"),
        ("{% generation %}a{% endgeneration %}b", "ab"),
        ("{{ tools is none }} {{ documents is none }}", "True True"),
        (
            "{{ 'a' ~ 1 ~ nothing ~ none }}{{ 1 + 2 }}{{ 'a' + 'b' }}{{ [1] + [2] }}",
            "a1None3ab[1, 2]",
        ),
        ("  {% if true %}\nx\n  {% endif %}\n", "x\n"),
    ],
)
def test_what_templates_expect(source: str, text: str) -> None:
    assert run(source) == text


def test_an_empty_tool_list_may_be_left_undefined() -> None:
    assert run("{{ tools is defined }}", omit_tools=True) == "False"
    assert run("{{ reasoning_effort }}", reasoning_effort="low") == "low"


def _doubled(step: str) -> str:
    start = "{% set ns = namespace(x='xxxxxxxxxxxxxxxx', n=3) %}"
    return f"{start}{{% for _ in range(40) %}}{step}{{% endfor %}}"


@pytest.mark.parametrize(
    "source",
    [
        "{{ raise_exception('not like this') }}",
        "{{ ''.__class__.__mro__ }}{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.append(1) }}",
        "{% for n in range(10000000) %}x{% endfor %}",
        "{{ 'x' * 1000000000000 }}",
        "{{ 9 ** 99999999 }}",
        "{{ ((9 ** 64) ** 64) ** 64 }}",
        _doubled("{% set ns.x = ns.x + ns.x %}"),
        _doubled("{% set ns.x = ns.x ~ ns.x %}"),
        _doubled("{% set ns.x %}{{ ns.x }}{{ ns.x }}{% endset %}"),
        _doubled("{% set ns.n = ns.n * ns.n %}"),
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{{ nothing.at.all }}",
        "{{ 1 + 'a' }}",
    ],
)
def test_what_a_template_may_not_do_is_one_clear_error(source: str) -> None:
    with pytest.raises(TemplateFailed, match="the model's chat template rejects"):
        run(source)


def test_what_a_template_writes_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "MAX_OUTPUT", 1000)
    with pytest.raises(TemplateFailed, match="more than 1000 characters"):
        run("{% for n in range(999) %}{{ 'xxxx' }}{% endfor %}")


@pytest.mark.parametrize("source", ["{% if %}", "{{ 'open", "{% unknown_tag %}"])
def test_what_is_not_jinja_is_unusable(source: str) -> None:
    with pytest.raises(ModelUnusable, match="not valid Jinja"):
        run(source)
