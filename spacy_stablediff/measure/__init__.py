"""How far edits of a text move a pipeline's vectors and predictions, as figures."""
