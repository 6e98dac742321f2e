"""The safety check on tool calls, answered without a model."""
