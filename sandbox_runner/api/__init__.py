"""The HTTP edge: wire models, routes, and errors as problem documents."""
