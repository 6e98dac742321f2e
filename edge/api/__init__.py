"""HTTP only: the aiohttp application, its handlers and its authority."""
