"""The box on its LAN: how laptops find it, and the token that lets them in."""
