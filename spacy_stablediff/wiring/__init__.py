"""Who embeds, who listens and who reads: in models and in configs."""
