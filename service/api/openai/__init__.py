"""The doors that speak OpenAI's dialect: `/v1/chat/completions` and `/v1/responses`."""
