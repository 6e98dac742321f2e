"""The composition root: everything is made here, in start order, and stopped in reverse.

The only package that knows all others; called by the command line. Nothing is imported
here, so that planning needs no more than what planning uses.
"""
