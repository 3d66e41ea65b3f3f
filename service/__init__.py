"""The gateway: a critic reviews a program, a generator revises it, rounds repeat."""
