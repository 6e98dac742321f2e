"""The child process that owns llama.cpp for one loaded model.

Run as ``python -m edge.engines.worker FD``. Nothing in the daemon imports this
package; the two speak in edge.engines.frames over a socket pair.
"""
