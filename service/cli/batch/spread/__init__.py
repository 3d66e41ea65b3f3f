"""`ctrl batch --engine ray`: the same rows, clients and ledgers, over Ray Data."""
