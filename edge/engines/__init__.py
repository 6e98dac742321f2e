"""What answers a chat request: the local worker, an upstream, a fake."""
