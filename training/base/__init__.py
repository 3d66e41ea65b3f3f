"""The mini world's base model, made from scratch: tokenizer, corpus, pretraining."""
