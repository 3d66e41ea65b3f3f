"""`ctrl eval`: what critiques are worth on problems with tests, measured through a gateway."""
