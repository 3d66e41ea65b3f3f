"""Code that runs in the launcher and inside boxes: standard library only, no thread, no event loop.

`launcher` is the entry point, `box` is the first process of a box, `program` is one test.
"""
