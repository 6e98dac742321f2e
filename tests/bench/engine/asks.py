"""What the bench's people say. Texts only."""

from __future__ import annotations

STORY = (
    "Do not use any tool. Write a long story of at least six hundred words about a lighthouse "
    "keeper who finds a strange ship, in full sentences and without any list."
)

OTHER_STORIES = (
    STORY,
    "Do not use any tool. Write a long report of a walk over a mountain pass in early spring, "
    "with the weather and the animals, in full sentences.",
    "Do not use any tool. Explain in a long text how bread is made, from the field to the table, "
    "in full sentences.",
    "Do not use any tool. Describe at length an ordinary day in a small railway station a hundred "
    "years ago, in full sentences.",
)

SAID = "I have looked at it; the files are plain and in good order."

NEXT = (
    "Which of them would you change first, and why?",
    "What would break if that change were wrong?",
    "How would you test it?",
    "Who else should look at it?",
    "What did you leave out?",
    "Then write down what is to be done, in order.",
)

TITLES = (
    "Look at the project and tell me what it does.",
    "The harbour's timetable is wrong on Sundays, find out why.",
)
