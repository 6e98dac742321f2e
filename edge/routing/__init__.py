"""Which engine answers: a pure policy and the router that acts on it."""
