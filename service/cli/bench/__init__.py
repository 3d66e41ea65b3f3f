"""`ctrl bench`: what a running gateway bears, and how long it takes."""
