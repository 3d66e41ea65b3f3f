"""`python -m service.cli`: how the stack starts its own gateway."""

from service.cli import main

main()
