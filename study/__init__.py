"""A study on real data: what makes a pipeline steadier under small edits of its texts."""
