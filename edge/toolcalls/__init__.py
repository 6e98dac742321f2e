"""Tool calls in the text a model writes: formats, schemas, an incremental parser."""
