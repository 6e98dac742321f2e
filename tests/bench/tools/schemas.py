"""The tools that the suite offers: Claude Code's own, as recorded, and API-like ones.

The API-like ones are written for this suite in the manner of function-calling
benchmarks: enums, nested objects, arrays, optional and numeric fields. Pure data.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Schema = Mapping[str, Any]
Tool = Mapping[str, Any]

STRING: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
DATE: Schema = {"type": "string", "description": "YYYY-MM-DD", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
TIME: Schema = {"type": "string", "description": "HH:MM", "pattern": r"^\d{2}:\d{2}$"}


def _enum(*values: str) -> Schema:
    return {"type": "string", "enum": list(values)}


def _array(items: Schema, **limits: Any) -> Schema:
    return {"type": "array", "items": items, **limits}


def _object(required: str, **properties: Schema) -> Schema:
    """A closed object; ``required`` lists its required properties, separated by spaces."""
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


def _integer(low: int, high: int) -> Schema:
    return {"type": "integer", "minimum": low, "maximum": high}


def _tool(name: str, description: str, schema: Schema) -> Tool:
    return {"name": name, "description": description, "input_schema": schema}


_MOMENT = _object("date time", date=DATE, time=TIME)

API: tuple[Tool, ...] = (
    _tool(
        "get_weather",
        "Weather forecast of a city",
        _object("city", city=STRING, unit=_enum("celsius", "fahrenheit"), days=_integer(1, 14)),
    ),
    _tool(
        "book_flight",
        "Book a flight",
        _object(
            "origin destination date passengers",
            origin={"type": "string", "description": "IATA code", "pattern": "^[A-Z]{3}$"},
            destination={"type": "string", "description": "IATA code", "pattern": "^[A-Z]{3}$"},
            date=DATE,
            passengers=_integer(1, 9),
            cabin=_enum("economy", "premium", "business", "first"),
            extras=_array(_enum("bag", "meal", "seat"), uniqueItems=True),
        ),
    ),
    _tool(
        "create_event",
        "Put an event into the calendar",
        _object(
            "title start",
            title=STRING,
            start=_MOMENT,
            duration_minutes=_integer(5, 1440),
            attendees=_array(STRING),
            remind={"type": "boolean"},
        ),
    ),
    _tool(
        "convert_currency",
        "Convert an amount of money",
        _object(
            "amount from to",
            **{
                "amount": NUMBER,
                "from": _enum("USD", "EUR", "GBP", "JPY", "CHF"),
                "to": _enum("USD", "EUR", "GBP", "JPY", "CHF"),
            },
        ),
    ),
    _tool(
        "send_email",
        "Send an e-mail",
        _object(
            "to subject body",
            to=_array(STRING, minItems=1),
            subject={"type": "string", "maxLength": 200},
            body=STRING,
            priority={**_enum("low", "normal", "high"), "default": "normal"},
        ),
    ),
    _tool(
        "triangle_area",
        "Area of a triangle from base and height",
        _object(
            "base height",
            base={"type": "number", "exclusiveMinimum": 0},
            height={"type": "number", "exclusiveMinimum": 0},
            unit=_enum("mm", "cm", "m"),
        ),
    ),
    _tool(
        "set_thermostat",
        "Set the heating of a room",
        _object(
            "room temperature",
            room=_enum("kitchen", "bedroom", "office", "bathroom"),
            temperature={"type": "number", "minimum": 5, "maximum": 30},
            mode=_enum("heat", "cool", "auto", "off"),
            until=TIME,
        ),
    ),
    _tool(
        "search_products",
        "Search the shop",
        _object(
            "query",
            query=STRING,
            filters=_object(
                "",
                min_price=NUMBER,
                max_price=NUMBER,
                brands=_array(STRING),
                in_stock={"type": "boolean"},
            ),
            sort=_enum("price", "rating", "newest"),
            limit=_integer(1, 100),
        ),
    ),
    _tool(
        "create_invoice",
        "Create an invoice",
        _object(
            "customer lines",
            customer=_object(
                "name",
                name=STRING,
                address=_object("city", street=STRING, city=STRING, zip=STRING),
            ),
            lines=_array(
                _object(
                    "description quantity unit_price",
                    description=STRING,
                    quantity={"type": "integer", "minimum": 1},
                    unit_price=NUMBER,
                ),
                minItems=1,
            ),
            currency=_enum("EUR", "USD"),
        ),
    ),
    _tool(
        "play_music",
        "Play music",
        _object(
            "artist",
            artist=STRING,
            title=STRING,
            volume=_integer(0, 100),
            shuffle={"type": "boolean"},
        ),
    ),
    _tool(
        "get_stock_price",
        "Latest price of a share",
        _object(
            "symbol",
            symbol={"type": "string", "pattern": "^[A-Z]{1,5}$"},
            fields=_array(_enum("open", "close", "high", "low", "volume"), minItems=1),
        ),
    ),
    _tool(
        "translate_text",
        "Translate text",
        _object(
            "text target",
            text=STRING,
            target=_enum("de", "en", "es", "fr", "it", "ja"),
            formality=_enum("formal", "informal"),
        ),
    ),
    _tool(
        "solve_quadratic",
        "Roots of a*x^2 + b*x + c = 0",
        _object("a b c", a=NUMBER, b=NUMBER, c=NUMBER),
    ),
    _tool(
        "track_parcel",
        "Where a parcel is",
        _object(
            "carrier tracking_number",
            carrier=_enum("dhl", "ups", "fedex"),
            tracking_number=STRING,
        ),
    ),
    _tool(
        "add_contact",
        "Add a person to the address book",
        _object(
            "name phones",
            name=STRING,
            phones=_array(
                _object("kind number", kind=_enum("home", "work", "mobile"), number=STRING),
                minItems=1,
            ),
            favourite={"type": "boolean"},
        ),
    ),
    _tool(
        "resize_image",
        "Resize an image file",
        _object(
            "path width height",
            path=STRING,
            width=_integer(1, 10000),
            height=_integer(1, 10000),
            keep_ratio={"type": "boolean"},
            format=_enum("png", "jpeg", "webp"),
        ),
    ),
    _tool(
        "reserve_table",
        "Reserve a table in a restaurant",
        _object(
            "restaurant people when",
            restaurant=STRING,
            people=_integer(1, 20),
            when=_MOMENT,
            seating={"enum": ["inside", "terrace", None]},
        ),
    ),
    _tool(
        "log_workout",
        "Log a workout",
        _object(
            "kind minutes",
            kind=_enum("run", "swim", "ride", "strength"),
            minutes={"type": "number", "exclusiveMinimum": 0},
            exercises=_array(
                _object("name sets reps", name=STRING, sets=_integer(1, 50), reps=_integer(1, 500))
            ),
        ),
    ),
    _tool(
        "control_lights",
        "Switch lights and set their colour",
        _object(
            "rooms state",
            rooms=_array(_enum("hall", "kitchen", "garden", "office"), minItems=1),
            state=_enum("on", "off"),
            brightness={"type": "integer", "minimum": 0, "maximum": 100, "multipleOf": 5},
            colour={
                "anyOf": [
                    _enum("white", "warm", "red", "blue"),
                    _object("r g b", r=_integer(0, 255), g=_integer(0, 255), b=_integer(0, 255)),
                ]
            },
        ),
    ),
    _tool(
        "set_timer",
        "Start a timer",
        _object("minutes", minutes={"type": "number", "exclusiveMinimum": 0}, label=STRING),
    ),
    _tool(
        "file_ticket",
        "File a ticket in the bug tracker",
        {
            "type": "object",
            "$defs": {"person": _object("login", login=STRING, team=STRING)},
            "properties": {
                "title": STRING,
                "severity": {"type": "integer", "enum": [1, 2, 3, 4]},
                "assignee": {"$ref": "#/$defs/person"},
                "labels": _array(STRING, maxItems=10),
            },
            "required": ["title", "severity"],
            "additionalProperties": False,
        },
    ),
    _tool(
        "plot_function",
        "Plot a function of x",
        _object(
            "expression range",
            expression=STRING,
            range=_array(NUMBER, minItems=2, maxItems=2),
            grid={"type": "boolean"},
        ),
    ),
)


def _recorded() -> tuple[Tool, ...]:
    recording = Path(__file__).with_name("claude_code_tools.json")
    return tuple(json.loads(recording.read_text(encoding="utf-8")))


CLAUDE_CODE: tuple[Tool, ...] = _recorded()
TOOLS: Mapping[str, Tool] = {tool["name"]: tool for tool in (*CLAUDE_CODE, *API)}
