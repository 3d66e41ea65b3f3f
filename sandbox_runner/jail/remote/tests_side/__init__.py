"""In the tests' jail: runs their code against objects that ask the program, and reports how it ended."""
