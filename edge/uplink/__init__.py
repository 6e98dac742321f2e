"""The box's own picture of its uplink."""
