"""From a chat request to the text a local model reads: chat templates and their quirks."""
