"""The HTTP side: wire forms, routes, and the table from errors to problems."""
