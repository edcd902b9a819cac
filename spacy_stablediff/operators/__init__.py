"""Diffusion of vectors along the documents of a batch: arrays in, arrays out.

A batch is one array of shape (tokens, width) that holds its documents one after
the other, and `lengths`, the number of tokens of each. Each document is a graph
of its tokens with symmetric weights W and Laplacian L = D - W; no edge joins two
documents. Each operator returns its output and a callback from the gradient of
the output to the gradients of the inputs. Arrays are numpy's or cupy's, of
float32 or float64, and the output has the dtype of the input.
"""
