"""Sessions as Claude Code's bare mode makes them."""

from edge.chat import ChatRequest, Message, Text, ToolResult, ToolSpec, ToolUse

BARE = tuple(ToolSpec(name) for name in ("Bash", "Edit", "Read"))
PROJECT = "/home/dev/project"


def conversation(
    task: str, *steps: tuple[str, dict, str, bool], tools=BARE, directory: str = PROJECT
) -> ChatRequest:
    """As it is once normalised. ``steps``: a tool's name, its input, its result, and whether
    that is an error."""
    facts = f"<system-reminder>\n# Environment\nCWD: {directory}\n</system-reminder>"
    messages = [Message("user", (Text(facts), Text(task)))]
    for number, (name, given, result, is_error) in enumerate(steps):
        call = ToolUse(f"toolu_{number}", name, given)
        messages.append(Message("assistant", (call,)))
        answer = ToolResult(call.id, (Text(result),), is_error)
        messages.append(Message("user", (answer,)))
    system = (Text("You are a Claude agent."),)
    return ChatRequest("m", tuple(messages), system=system, tools=tools)


def read(name: str, text: str, **more: object) -> tuple[str, dict, str, bool]:
    """A file read, as the client shows it."""
    numbered = "\n".join(f"{n}\t{line}" for n, line in enumerate(text.split("\n"), 1))
    return "Read", {"file_path": f"{PROJECT}/{name}", **more}, numbered, False


def edit(name: str, old: str, new: str, **more: object) -> tuple[str, dict, str, bool]:
    """An edit that succeeded."""
    given = {"file_path": f"{PROJECT}/{name}", "old_string": old, "new_string": new, **more}
    return "Edit", given, "The file has been updated.", False


def bash(command: str, output: str, *, failed: bool = False) -> tuple[str, dict, str, bool]:
    return "Bash", {"command": command}, output, failed


READ_CALC = read("calc.py", "a = 1\nb = 2\n")
EDIT_CALC = edit("calc.py", "a = 1", "a = 3")
