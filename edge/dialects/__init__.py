"""Wire formats as pure codecs, used as a server and as a client."""
