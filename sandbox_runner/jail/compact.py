"""JSON without a blank, as the processes of the sandbox tell each other.

Reader and writer are made once: `json.dumps` and `json.loads` are five functions more, whose pages each fork
would copy.
"""

import json

write = json.JSONEncoder(separators=(",", ":")).encode
read = json.JSONDecoder().raw_decode
"""The first value of a text, and where it ends. Raises ValueError where there is none."""
