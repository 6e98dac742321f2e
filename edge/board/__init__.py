"""The box as hardware: facts read from the operating system."""
