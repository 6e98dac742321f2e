"""Models: what a GGUF file says, which files are present, which one to run."""
