"""Embeddings that know which words they have learned."""
