"""Prompts over API-like tools: enums, nested objects, arrays, optional and numbers. Pure data."""

from __future__ import annotations

from tests.bench.tools.case import Case

HOME = ("set_thermostat", "control_lights", "play_music", "set_timer")
OFFICE = ("create_event", "send_email", "add_contact", "file_ticket", "translate_text")
MATHS = ("triangle_area", "solve_quadratic", "plot_function")
TRAVEL = ("get_weather", "book_flight", "reserve_table", "convert_currency", "translate_text")
SHOP = ("search_products", "create_invoice", "track_parcel", "convert_currency")
MANY = (*HOME, *OFFICE, *MATHS)


def _case(name: str, offered: str | tuple[str, ...], prompt: str, right: str) -> Case:
    tools = (offered,) if isinstance(offered, str) else offered
    return Case(f"api-{name}", tools, prompt, frozenset(right.split()))


def _single(tool: str, prompt: str) -> Case:
    return _case(tool.replace("_", "-"), tool, prompt, tool)


SINGLE: tuple[Case, ...] = (
    _single("get_weather", "What will the weather be in Oslo for the next 3 days, in celsius?"),
    _single(
        "book_flight",
        "Book a business flight from BER to LIS on 2027-03-14 for 2 passengers with meal and bag.",
    ),
    _single(
        "create_event",
        "Put a meeting called Review into my calendar: 2027-01-12 at 09:30, 45 minutes, with Ann.",
    ),
    _single("convert_currency", "Convert 249.90 EUR to CHF."),
    _single(
        "send_email",
        "Send a mail with high priority to bo@example.org, subject Report, saying it is ready.",
    ),
    _single("triangle_area", "What is the area of a triangle with base 12.5 cm and height 8 cm?"),
    _single("set_thermostat", "Heat the office to 21.5 degrees until 18:00."),
    _single(
        "search_products",
        "Find running shoes by Arko or Velo under 120 that are in stock, cheapest first.",
    ),
    _single(
        "create_invoice",
        "Invoice for Mia Holt in Graz: 3 chairs at 49.50 each and 1 table at 180, in EUR.",
    ),
    _single("play_music", "Play something by Nina Simone at volume 30, shuffled."),
    _single("get_stock_price", "Get the close and the volume of the share with the symbol ACME."),
    _single("translate_text", 'Translate "Where is the station?" into French, formally.'),
    _single("solve_quadratic", "Solve 2x^2 - 3x - 5 = 0."),
    _single("track_parcel", "Where is my UPS parcel 1Z999AA10123456784?"),
    _single(
        "add_contact",
        "Add Leo Brandt to my contacts: mobile 0171 555 12, work 030 555 99. He is a favourite.",
    ),
    _single("resize_image", "Resize photos/cat.png to 800 by 600 and make it a webp."),
    _single(
        "reserve_table",
        "Reserve a table for 4 at Da Vinci on 2027-02-02 at 19:30, on the terrace.",
    ),
    _single(
        "log_workout",
        "Log 40 minutes of strength: squats 3 sets of 12, and push-ups 4 sets of 20.",
    ),
    _single("control_lights", "Turn on the lights in the kitchen and the hall, red, at 50 %."),
    _single("set_timer", "Start a timer of 7.5 minutes for the tea."),
    _single(
        "file_ticket",
        "File a ticket of severity 2: login page is blank. Assign it to kim of team web.",
    ),
    _single("plot_function", "Plot x^2 - 4 from -3 to 3 with a grid."),
)

MULTI: tuple[Case, ...] = (
    _case("home-warm", HOME, "It is cold in the bedroom, heat it to 22 degrees.", "set_thermostat"),
    _case("home-lights", HOME, "Switch off the garden lights.", "control_lights"),
    _case("home-timer", HOME, "Remind me in 20 minutes: the bread is done.", "set_timer"),
    _case(
        "office-mail",
        OFFICE,
        "Write to pat@example.org that the build is green again.",
        "send_email",
    ),
    _case("office-bug", OFFICE, "Report a severity 1 bug: checkout fails.", "file_ticket"),
    _case("office-date", OFFICE, "Lunch with Eva on 2027-05-03 at 12:30.", "create_event"),
    _case("maths-roots", MATHS, "Find the roots of x^2 + 4x + 3.", "solve_quadratic"),
    _case("maths-plot", MATHS, "Draw sin(x) between 0 and 6.28.", "plot_function"),
    _case("travel-rain", TRAVEL, "Will it rain in Bergen tomorrow?", "get_weather"),
    _case("travel-fly", TRAVEL, "One ticket from VIE to CDG on 2027-04-01.", "book_flight"),
    _case("travel-money", TRAVEL, "How many JPY are 75 USD?", "convert_currency"),
    _case("shop-parcel", SHOP, "Where is DHL parcel JD014600003?", "track_parcel"),
    _case("shop-find", SHOP, "Show me the ten newest headphones.", "search_products"),
    _case("many-area", MANY, "Area of a triangle: base 3 m, height 4 m.", "triangle_area"),
    _case("many-music", MANY, "Play Blue Train by John Coltrane.", "play_music"),
    _case("many-say", MANY, 'How do you say "good night" in Italian?', "translate_text"),
)

NONE: tuple[Case, ...] = (
    _case("no-capital", "get_weather", "What is the capital of Norway?", ""),
    _case("no-joke", HOME, "Tell me a short joke.", ""),
    _case("no-thanks", TRAVEL, "Thank you, that helps!", ""),
    _case("no-poem", OFFICE, "Write a rhyme of two lines about rain.", ""),
    _case("no-pythagoras", "set_timer", "Who was Pythagoras?", ""),
    _case("no-word", SHOP, "What does the word invoice mean?", ""),
    _case("no-hello", MANY, "Good morning!", ""),
)

CASES: tuple[Case, ...] = (*SINGLE, *MULTI, *NONE)
