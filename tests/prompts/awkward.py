"""Hand-written chat templates, each awkward in one way that real ones are."""

from datetime import UTC, datetime
from pathlib import Path

from edge.prompts import ChatTemplate, toolcall_family

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
TEMPLATES = Path(__file__).parent / "templates"

TEXT_ONLY = """\
{%- for m in messages %}{{ '<' + m.role + '>' + m.content + '</>' }}{% endfor %}
{%- if add_generation_prompt %}{{ '<assistant>' }}{% endif %}"""

REJECTS_SYSTEM = """\
{%- for m in messages %}
    {%- if m.role not in ['user', 'assistant'] %}{{ raise_exception('no ' + m.role) }}{% endif %}
    {{- '<' + m.role + '>' + m.content + '</>' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<assistant>' }}{% endif %}"""

DROPS_SYSTEM = """\
{%- for m in messages if m.role != 'system' %}{{ '<' + m.role + '>' + m.content + '</>' }}
{%- endfor %}"""

DEMANDS_ALTERNATION = """\
{%- for m in messages %}
    {%- if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('turns') }}{% endif %}
    {{- '<' + m.role + '>' + m.content + '</>' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<assistant>' }}{% endif %}"""

TEXT_ARGUMENTS = """\
{%- for tool in tools or [] %}{{ '<tool>' + tool | tojson + '</>' }}{% endfor %}
{%- for m in messages %}
    {{- '<' + m.role + '>' + m.content }}
    {%- for call in m.tool_calls or [] %}
        {{- '{"call": "' + call.function.name + '", "with": ' + call.function.arguments + '}' }}
    {%- endfor %}
    {{- '</>' }}
{%- endfor %}"""

PRINTS_PYTHON = TEXT_ARGUMENTS.replace(
    "' + call.function.arguments + '", "' ~ call.function.arguments ~ '"
)

TYPED_CONTENT = """\
{%- for m in messages %}
    {{- '<' + m.role + '>' }}
    {%- for part in m.content %}{% if part.type == 'text' %}{{ part.text }}{% endif %}{% endfor %}
    {{- '</>' }}
{%- endfor %}"""

NEEDS_TOOLS_UNDEFINED = """\
{%- if tools is defined %}{% for tool in tools %}{{ tool | tojson }}{% endfor %}{% endif %}
{%- for m in messages %}{{ '<' + m.role + '>' + m.content + '</>' }}{% endfor %}"""

MOVES_TOOLS = """\
{%- set users = messages | selectattr('role', 'equalto', 'user') | list %}
{%- for m in messages %}
    {%- if m == users[-1] and tools %}{{ '<tools>' + tools | tojson + '</>' }}{% endif %}
    {{- '<' + m.role + '>' + m.content }}
    {%- for call in m.tool_calls or [] %}{{ call.function | tojson }}{% endfor %}
    {{- '</>' }}
{%- endfor %}"""


def template(source: str, *, bos: str = "", eos: str = "") -> ChatTemplate:
    return ChatTemplate(source, bos=bos, eos=eos, family=toolcall_family(source, ""))


def real(name: str) -> ChatTemplate:
    return template((TEMPLATES / f"{name}.jinja").read_text(), eos="<|im_end|>")


QWEN = "qwen2.5-coder-0.5b-instruct"
QWEN_DOUBLED = "qwen2.5-coder-1.5b-instruct"
SMOLLM2 = "smollm2-135m-instruct"
REAL = (QWEN, QWEN_DOUBLED, SMOLLM2)
