"""Chat templates of known model families, for model files that carry none.

Data only: Jinja text, written here from each family's published format. Each takes the
messages of ``conversation`` and says by raise_exception what its format has no room for;
``adapt`` does the rest. Called by families.
"""

_SYSTEM_APART = """\
{%- set system = messages[0].content if messages and messages[0].role == 'system' else '' %}
{%- set turns = messages[1:] if messages and messages[0].role == 'system' else messages %}
"""

_NO_SYSTEM = """\
{%- if messages and messages[0].role == 'system' %}
    {{- raise_exception('this format has no system turn') }}
{%- endif %}
"""

_TAKE_TURNS = """\
{%- for m in turns if m.role != 'tool' and not m.tool_calls %}
    {%- if (m.role == 'user') != (loop.index0 % 2 == 0) %}
        {{- raise_exception('user and assistant must take turns') }}
    {%- endif %}
{%- endfor %}
"""

# --- ChatML, with tools as Hermes, Qwen 2.5 and Qwen 3 have them ----------------------------

_CHATML_SYSTEM_AND_TOOLS = (
    _SYSTEM_APART
    + """\
{%- if system or tools %}
    {{- '<|im_start|>system\\n' + system }}
    {%- if tools %}
        {{- '\\n\\n' if system else '' }}
        {{- '# Tools\\n\\nYou may call one or more functions to assist with the user query.' }}
        {{- '\\n\\n' }}
        {{- 'You are provided with function signatures within <tools></tools> XML tags:\\n' }}
        {{- '<tools>' }}
        {%- for tool in tools %}
            {{- '\\n' + tool | tojson }}
        {%- endfor %}
        {{- '\\n</tools>\\n\\nFor each function call, return a json object with function name ' }}
        {{- 'and arguments within <tool_call></tool_call> XML tags:\\n<tool_call>\\n' }}
        {{- '{"name": <function-name>, "arguments": <args-json-object>}\\n</tool_call>' }}
    {%- endif %}
    {{- '<|im_end|>\\n' }}
{%- endif %}
"""
)

_CHATML_TURNS = """\
{%- for m in turns %}
    {%- if m.role == 'tool' %}
        {{- '<|im_start|>user' if loop.first or loop.previtem.role != 'tool' else '' }}
        {{- '\\n<tool_response>\\n' + m.content + '\\n</tool_response>' }}
        {{- '<|im_end|>\\n' if loop.last or loop.nextitem.role != 'tool' else '' }}
    {%- else %}
        {{- '<|im_start|>' + m.role + '\\n' + m.content }}
        {%- for call in m.tool_calls or [] %}
            {{- '\\n' if m.content or not loop.first else '' }}
            {{- '<tool_call>\\n{"name": "' + call.function.name + '", "arguments": ' }}
            {{- (call.function.arguments | tojson) + '}\\n</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""

HERMES = _CHATML_SYSTEM_AND_TOOLS + _CHATML_TURNS

QWEN3 = (
    HERMES
    + """\
{%- if add_generation_prompt and enable_thinking is false %}
    {{- '<think>\\n\\n</think>\\n\\n' }}
{%- endif %}
"""
)

# --- ChatML with Qwen3-Coder's XML calls ----------------------------------------------------

_QWEN_XML_TOOLS = """\
{%- if system or tools %}
    {{- '<|im_start|>system\\n' }}
    {%- if tools %}
        {{- '# Tools\\n\\nYou have access to the following functions:\\n\\n<tools>' }}
        {%- for tool in tools %}
            {{- '\\n' + tool | tojson }}
        {%- endfor %}
        {{- '\\n</tools>\\n\\nIf you choose to call a function ONLY reply in the following ' }}
        {{- 'format with NO suffix:\\n\\n<tool_call>\\n<function=example_function_name>\\n' }}
        {{- '<parameter=example_parameter>\\nvalue\\n</parameter>\\n</function>\\n</tool_call>' }}
        {{- '\\n\\n' if system else '' }}
    {%- endif %}
    {{- system + '<|im_end|>\\n' }}
{%- endif %}
"""

_QWEN_XML_TURNS = """\
{%- for m in turns %}
    {%- if m.role == 'tool' %}
        {{- '<|im_start|>user' if loop.first or loop.previtem.role != 'tool' else '' }}
        {{- '\\n<tool_response>\\n' + m.content + '\\n</tool_response>' }}
        {{- '<|im_end|>\\n' if loop.last or loop.nextitem.role != 'tool' else '' }}
    {%- else %}
        {{- '<|im_start|>' + m.role + '\\n' + m.content }}
        {%- for call in m.tool_calls or [] %}
            {{- '\\n' if m.content or not loop.first else '' }}
            {{- '<tool_call>\\n<function=' + call.function.name + '>\\n' }}
            {%- for name, value in call.function.arguments | items %}
                {{- '<parameter=' + name + '>\\n' }}
                {{- value if value is string else value | tojson }}
                {{- '\\n</parameter>\\n' }}
            {%- endfor %}
            {{- '</function>\\n</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""

QWEN_XML = _SYSTEM_APART + _QWEN_XML_TOOLS + _QWEN_XML_TURNS

QWEN35 = (
    QWEN_XML
    + """\
{%- if add_generation_prompt %}
    {{- '<think>\\n' if enable_thinking else '<think>\\n\\n</think>\\n\\n' }}
{%- endif %}
"""
)

# --- Llama ----------------------------------------------------------------------------------

LLAMA3 = (
    _SYSTEM_APART
    + """\
{{- bos_token }}
{%- if system or tools %}
    {{- '<|start_header_id|>system<|end_header_id|>\\n\\n' }}
    {{- 'Environment: ipython\\n\\n' if tools else '' }}
    {{- system }}
    {%- if tools %}
        {{- '\\n\\nYou have access to the following functions. To call a function, respond with ' }}
        {{- 'JSON in the format {"name": function name, "parameters": dictionary of argument ' }}
        {{- 'name and its value}. Do not use variables.\\n' }}
        {%- for tool in tools %}
            {{- '\\n' + tool.function | tojson }}
        {%- endfor %}
    {%- endif %}
    {{- '<|eot_id|>' }}
{%- endif %}
{%- for m in turns %}
    {%- set role = 'ipython' if m.role == 'tool' else m.role %}
    {{- '<|start_header_id|>' + role + '<|end_header_id|>\\n\\n' }}
    {%- if m.tool_calls %}
        {%- if m.tool_calls | length > 1 %}
            {{- raise_exception('one tool call at once') }}
        {%- endif %}
        {%- set call = m.tool_calls[0].function %}
        {{- '{"name": "' + call.name + '", "parameters": ' + call.arguments | tojson + '}' }}
    {%- else %}
        {{- m.content }}
    {%- endif %}
    {{- '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
"""
)

LLAMA2 = (
    _SYSTEM_APART
    + _TAKE_TURNS
    + """\
{%- for m in turns %}
    {%- if m.role == 'tool' or m.tool_calls %}
        {{- raise_exception('this format has no tools') }}
    {%- elif m.role == 'user' %}
        {{- bos_token + '[INST] ' }}
        {{- '<<SYS>>\\n' + system + '\\n<</SYS>>\\n\\n' if loop.first and system else '' }}
        {{- m.content | trim + ' [/INST]' }}
    {%- else %}
        {{- ' ' + m.content | trim + ' ' + eos_token }}
    {%- endif %}
{%- endfor %}
"""
)

# --- Mistral --------------------------------------------------------------------------------

MISTRAL_V1 = (
    _NO_SYSTEM
    + """\
{%- set turns = messages %}
"""
    + _TAKE_TURNS
    + """\
{{- bos_token }}
{%- for m in turns %}
    {%- if m.role == 'tool' or m.tool_calls %}
        {{- raise_exception('this format has no tools') }}
    {%- elif m.role == 'user' %}
        {{- '[INST] ' + m.content | trim + ' [/INST]' }}
    {%- else %}
        {{- ' ' + m.content | trim + eos_token }}
    {%- endif %}
{%- endfor %}
"""
)


def _mistral(space: str, *, system: str, newer_calls: bool) -> str:
    """Versions 3 to 13: the tools stand before the first user turn, not the last, so that
    the prefix repeats.
    """
    return (
        (_SYSTEM_APART if system else _NO_SYSTEM + "{%- set turns = messages %}\n")
        + _TAKE_TURNS
        + "{{- bos_token }}\n"
        + system
        + _MISTRAL_TOOLS
        + "{%- for m in turns %}\n"
        + (_MISTRAL_ARGS_CALL if newer_calls else _MISTRAL_LIST_CALL)
        + _MISTRAL_TEXT
    ).replace("«»", space)


_MISTRAL_SYSTEM = """\
{%- if system %}
    {{- '[SYSTEM_PROMPT]' + system + '[/SYSTEM_PROMPT]' }}
{%- endif %}
"""

_MISTRAL_TOOLS = """\
{%- if tools %}
    {{- '[AVAILABLE_TOOLS]«»' + tools | tojson + '[/AVAILABLE_TOOLS]' }}
{%- endif %}
"""

_MISTRAL_LIST_CALL = """\
    {%- if m.tool_calls %}
        {{- '[TOOL_CALLS]«»[' }}
        {%- for call in m.tool_calls %}
            {%- if call.id | length != 9 %}
                {{- raise_exception('call ids must have nine characters') }}
            {%- endif %}
            {{- '{"name": "' + call.function.name + '", "arguments": ' }}
            {{- call.function.arguments | tojson + ', "id": "' + call.id + '"}' }}
            {{- ', ' if not loop.last else '' }}
        {%- endfor %}
        {{- ']' + eos_token }}
    {%- elif m.role == 'tool' %}
        {{- '[TOOL_RESULTS]«»{"content": ' + m.content | tojson }}
        {{- ', "call_id": "' + m.tool_call_id + '"}[/TOOL_RESULTS]' }}
"""

_MISTRAL_ARGS_CALL = """\
    {%- if m.tool_calls %}
        {{- m.content }}
        {%- for call in m.tool_calls %}
            {{- '[TOOL_CALLS]' + call.function.name + '[ARGS]' }}
            {{- call.function.arguments | tojson }}
        {%- endfor %}
        {{- eos_token }}
    {%- elif m.role == 'tool' %}
        {{- '[TOOL_RESULTS]' + m.content + '[/TOOL_RESULTS]' }}
"""

_MISTRAL_TEXT = """\
    {%- elif m.role == 'user' %}
        {{- '[INST]«»' + m.content + '[/INST]' }}
    {%- else %}
        {{- '«»' + m.content + eos_token }}
    {%- endif %}
{%- endfor %}
"""

MISTRAL_V3 = _mistral(" ", system="", newer_calls=False)
MISTRAL_NEMO = _mistral("", system="", newer_calls=False)
MISTRAL_V7 = _mistral("", system=_MISTRAL_SYSTEM, newer_calls=False)
MISTRAL_V13 = _mistral("", system=_MISTRAL_SYSTEM, newer_calls=True)

# --- Gemma ----------------------------------------------------------------------------------

GEMMA = (
    _NO_SYSTEM
    + """\
{%- set turns = messages %}
"""
    + _TAKE_TURNS
    + """\
{{- bos_token }}
{%- for m in turns %}
    {%- if m.role == 'tool' or m.tool_calls %}
        {{- raise_exception('this format has no tools') }}
    {%- endif %}
    {{- '<start_of_turn>' + ('model' if m.role == 'assistant' else 'user') + '\\n' }}
    {{- m.content | trim + '<end_of_turn>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<start_of_turn>model\\n' }}
{%- endif %}
"""
)

# --- GLM ------------------------------------------------------------------------------------

GLM4 = """\
{{- '[gMASK]<sop>' }}
{%- for m in messages %}
    {%- if m.role == 'tool' or m.tool_calls %}
        {{- raise_exception('tools are explained in the system text') }}
    {%- endif %}
    {{- '<|' + m.role + '|>\\n' + m.content }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|assistant|>\\n' }}
{%- endif %}
"""

GLM45 = """\
{{- '[gMASK]<sop>' }}
{%- if tools %}
    {{- '<|system|>\\n# Tools\\n\\nYou may call one or more functions to assist with the user ' }}
    {{- 'query.\\n\\nYou are provided with function signatures within <tools></tools> XML tags:' }}
    {{- '\\n<tools>' }}
    {%- for tool in tools %}
        {{- '\\n' + tool | tojson }}
    {%- endfor %}
    {{- '\\n</tools>\\n\\nFor each function call, output the function name and arguments within ' }}
    {{- 'the following XML format:\\n<tool_call>{function-name}\\n' }}
    {{- '<arg_key>{arg-key-1}</arg_key>\\n<arg_value>{arg-value-1}</arg_value>\\n...\\n' }}
    {{- '</tool_call>' }}
{%- endif %}
{%- for m in messages %}
    {%- if m.role == 'tool' %}
        {{- '<|observation|>' if loop.first or loop.previtem.role != 'tool' else '' }}
        {{- '\\n<tool_response>\\n' + m.content + '\\n</tool_response>' }}
    {%- elif m.role == 'assistant' %}
        {{- '<|assistant|>\\n<think></think>' }}
        {{- '\\n' + m.content if m.content else '' }}
        {%- for call in m.tool_calls or [] %}
            {{- '\\n<tool_call>' + call.function.name }}
            {%- for name, value in call.function.arguments | items %}
                {{- '\\n<arg_key>' + name + '</arg_key>\\n<arg_value>' }}
                {{- value if value is string else value | tojson }}
                {{- '</arg_value>' }}
            {%- endfor %}
            {{- '\\n</tool_call>' }}
        {%- endfor %}
    {%- else %}
        {{- '<|' + m.role + '|>\\n' + m.content }}
        {{- '/nothink' if m.role == 'user' and not enable_thinking else '' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|assistant|>' + ('' if enable_thinking else '\\n<think></think>') }}
{%- endif %}
"""

# --- Phi ------------------------------------------------------------------------------------

PHI3 = """\
{%- for m in messages %}
    {%- if m.role == 'tool' or m.tool_calls %}
        {{- raise_exception('this format has no tools') }}
    {%- endif %}
    {{- '<|' + m.role + '|>\\n' + m.content + '<|end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|assistant|>\\n' }}
{%- endif %}
"""

PHI4_MINI = PHI3.replace("|>\\n", "|>")

PHI4 = """\
{%- for m in messages %}
    {%- if m.role == 'tool' or m.tool_calls %}
        {{- raise_exception('this format has no tools') }}
    {%- endif %}
    {{- '<|im_start|>' + m.role + '<|im_sep|>' + m.content + '<|im_end|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant<|im_sep|>' }}
{%- endif %}
"""

# --- DeepSeek -------------------------------------------------------------------------------

DEEPSEEK = (
    _SYSTEM_APART
    + """\
{{- bos_token + system }}
{%- for m in turns %}
    {%- if m.role == 'tool' or m.tool_calls %}
        {{- raise_exception('tools are explained in the system text') }}
    {%- elif m.role == 'user' %}
        {{- '<\uff5cUser\uff5c>' + m.content }}
    {%- else %}
        {{- '<\uff5cAssistant\uff5c>' + m.content + eos_token }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<\uff5cAssistant\uff5c>' }}
{%- endif %}
"""
)

# --- gpt-oss --------------------------------------------------------------------------------

_HARMONY_HEAD = """\
{{- '<|start|>system<|message|>You are ChatGPT, a large language model trained by OpenAI.\\n' }}
{{- 'Knowledge cutoff: 2024-06\\n\\nReasoning: ' }}
{{- reasoning_effort | default('medium' if enable_thinking else 'low') }}
{{- '\\n\\n# Valid channels: analysis, commentary, final. ' }}
{{- 'Channel must be included for every message.' }}
{{- "\\nCalls to these tools must go to the commentary channel: 'functions'." if tools else '' }}
{{- '<|end|>' }}
{%- if system or tools %}
    {{- '<|start|>developer<|message|>' }}
    {{- '# Instructions\\n\\n' + system if system else '' }}
    {%- if tools %}
        {{- '\\n\\n' if system else '' }}
        {{- '# Tools\\n\\n## functions\\n\\nnamespace functions {\\n' }}
        {%- for tool in tools %}
            {{- '\\n// ' + tool.function.description | replace('\\n', '\\n// ') }}
            {{- '\\n// JSON schema: ' + tool.function.parameters | tojson }}
            {{- '\\ntype ' + tool.function.name + ' = (_: object) => any;\\n' }}
        {%- endfor %}
        {{- '\\n} // namespace functions' }}
    {%- endif %}
    {{- '<|end|>' }}
{%- endif %}
"""

_HARMONY_TURNS = """\
{%- for m in turns %}
    {%- if m.role == 'tool' %}
        {{- '<|start|>functions.' + m.name + ' to=assistant<|channel|>commentary<|message|>' }}
        {{- m.content + '<|end|>' }}
    {%- elif m.role == 'assistant' %}
        {%- if m.content %}
            {{- '<|start|>assistant<|channel|>' }}
            {{- 'commentary' if m.tool_calls else 'final' }}
            {{- '<|message|>' + m.content + '<|end|>' }}
        {%- endif %}
        {%- for call in m.tool_calls or [] %}
            {{- '<|start|>assistant<|channel|>commentary to=functions.' + call.function.name }}
            {{- ' <|constrain|>json<|message|>' + call.function.arguments | tojson + '<|call|>' }}
        {%- endfor %}
    {%- else %}
        {{- '<|start|>user<|message|>' + m.content + '<|end|>' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start|>assistant' }}
{%- endif %}
"""

HARMONY = _SYSTEM_APART + _HARMONY_HEAD + _HARMONY_TURNS

# --- Granite: ChatML's shape and Hermes' calls under other marks --------------------------------

GRANITE = (
    HERMES.replace("<|im_end|>", "<|end_of_text|>")
    .replace("'<|im_start|>' + m.role + '\\n'", "'<|start_of_role|>' + m.role + '<|end_of_role|>'")
    .replace("<|im_start|>system\\n", "<|start_of_role|>system<|end_of_role|>")
    .replace("<|im_start|>assistant\\n", "<|start_of_role|>assistant<|end_of_role|>")
    .replace("<|im_start|>user'", "<|start_of_role|>user<|end_of_role|>'")
)
