"""A worker without a model: it speaks the frames and plays what it is told to.

Its ``Load.path`` names a file whose first line says how this start goes (the line is taken
out, so that each start has its own); every request's last turn says how its answer goes.
Run as a process by the engine, with the number of its socket's descriptor.

    starts    fine | unusable SENTENCE | dies
    answers   say WORDS | note WORDS | queue WORDS | call TOOL JSON | hold WORDS | release |
              refuse KIND | die | nonsense | foreign | giant | linger
    questions shares A B | refuse KIND | hold | die | wrong
    counts    messages | cancelled | refuse KIND | die | wrong
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any, NoReturn

from edge.engines import frames
from edge.engines.frames import (
    Accepted,
    Cancel,
    Count,
    Counted,
    Done,
    FromWorker,
    Generate,
    Load,
    Note,
    Piece,
    Prompt,
    Reading,
    Ready,
    Refused,
    Seated,
    Stop,
    Unusable,
    Warm,
    Warmed,
    Weigh,
    Weighed,
)

CONTEXT = 4096
PROMPT = 10
"""Tokens of every prompt, of which CACHED need not be read."""
CACHED = 4


def start(plan: Path) -> str:
    """Takes this start's line out of the plan; without one it goes fine."""
    lines = plan.read_text().splitlines() if plan.exists() else []
    plan.write_text("\n".join(lines[1:]))
    return lines[0] if lines else "fine"


def order_in(prompt: Prompt) -> tuple[str, str]:
    """The last turn's first word, and the rest."""
    content: Any = prompt.messages[-1]["content"]
    text = content if isinstance(content, str) else "".join(part["text"] for part in content)
    verb, _, rest = text.strip().partition(" ")
    return verb, rest


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


class Worker:
    """Answers orders until it is stopped. ``held`` are the answers kept open."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._file = sock.makefile("rb")
        self.held: list[int] = []
        self.cancelled: list[int] = []

    def send(self, *messages: FromWorker) -> None:
        for message in messages:
            self._sock.sendall(frames.encode(message))

    def raw(self, data: bytes) -> None:
        self._sock.sendall(data)

    def receive(self) -> frames.ToWorker | None:
        header = self._file.read(frames.HEADER.size)
        if len(header) < frames.HEADER.size:
            return None
        return frames.decode_to_worker(self._file.read(frames.body_length(header)))

    def serve(self) -> None:
        """Until Stop or the other side's end."""
        while True:
            match self.receive():
                case Generate() as order:
                    self.answer(order.id, *order_in(order.prompt))
                case Count() as order:
                    self.count(order.id, order.prompt)
                case Weigh() as order:
                    self.weigh(order.id, *order_in(order.prompt))
                case Warm(number):
                    self.send(Warmed(number, 100, 100, 60, "done"))
                case Cancel(number):
                    self.cancelled.append(number)
                    self.held = [held for held in self.held if held != number]
                case Stop():
                    self.release()
                    return
                case None:
                    return

    def count(self, number: int, prompt: Prompt) -> None:
        match order_in(prompt):
            case ("cancelled", _):
                self.send(Counted(number, len(self.cancelled)))
            case ("refuse", kind):
                self.send(refused(number, kind))
            case ("wrong", _):
                self.send(Done(number, "end_turn", 0))
            case ("die", _):
                die()
            case _:
                self.send(Counted(number, len(prompt.messages)))

    def weigh(self, number: int, verb: str, rest: str) -> None:
        match verb:
            case "shares":
                self.send(Weighed(number, [float(word) for word in rest.split()], 0.8))
            case "refuse":
                self.send(refused(number, rest))
            case "wrong":
                self.send(Counted(number, 1))
            case "die":
                die()

    def answer(self, number: int, verb: str, rest: str) -> None:
        if verb == "refuse":
            return self.send(refused(number, rest))
        queued = verb == "queue"
        self.send(Accepted(number, PROMPT, queued), Seated(number, CACHED))
        self.send(Reading(number, PROMPT, PROMPT))
        if verb == "call":
            return self.call(number, *rest.split(" ", 1))
        words = rest.split()
        if verb == "note":
            self.send(Note(rest))
        self.send(*(Piece(number, "text", word) for word in words))
        return self.end(number, verb, len(words))

    def call(self, number: int, tool: str, arguments: str) -> None:
        self.send(Piece(number, "thought", "hm"), Piece(number, "open", tool))
        self.send(Piece(number, "arguments", arguments), Piece(number, "close"))
        self.send(Done(number, "tool_use", 3))

    def end(self, number: int, verb: str, said: int) -> None:
        match verb:
            case "hold":
                self.held.append(number)
            case "release":
                self.send(Done(number, "end_turn", said))
                self.release()
            case "die":
                die()
            case "linger":
                signal.pause()
            case "nonsense":
                self.raw(frames.HEADER.pack(3) + b"\xc1\xc1\xc1")
            case "foreign":
                self.raw(frames.encode(Stop()))  # type: ignore[arg-type]
            case "giant":
                self.raw(frames.HEADER.pack(frames.MAX_FRAME_BYTES + 1))
            case _:
                self.send(Done(number, "end_turn", said))

    def release(self) -> None:
        for number in self.held:
            self.send(Piece(number, "text", "released"), Done(number, "end_turn", 1))
        self.held = []


def refused(number: int, kind: Any) -> Refused:
    return Refused(number, kind, f"refused: {kind}", tokens=9000, maximum=CONTEXT)


def main(fd: int) -> int:
    worker = Worker(socket.socket(fileno=fd))
    load = worker.receive()
    if not isinstance(load, Load):
        return 1
    verb, _, rest = start(Path(load.path)).partition(" ")
    if verb == "dies":
        die()
    if verb == "unusable":
        worker.send(Unusable(rest))
        return 1
    worker.send(Ready(CONTEXT, "scripted", False, 0.0, ["a script needs no model"]))
    worker.serve()
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
