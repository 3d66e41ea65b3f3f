"""The door for assistants' tools: Model Context Protocol at `/mcp`, streamable HTTP, without sessions."""
