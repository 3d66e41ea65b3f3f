"""`ctrl batch`: many refinements from a file to a file, that can be stopped and gone on with."""
