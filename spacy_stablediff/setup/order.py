"""What is to be put into a config."""

from dataclasses import dataclass

from ..wiring.config import Block
from .bags import Bags
from .pretraining import Place


@dataclass
class Order:
    """What is to be put into a config.

    chosen (List[str]): The components to diffuse for, in the order of the pipeline.
    diffusion (Dict[str, Any]): Config of the diffusion layer.
    weight (float): Weight of stability training where components share an embedding, 0 for
        none.
    own_weight (float): The same where they have embeddings of their own.
    bags (Dict[str, Dict[str, Dict[str, Any]]]): The bags of words that will be trained.
    copying (bool): Whether all that learns are text classifiers that share embeddings which were
        trained before. They learn from copies of all texts, without diffusion along documents.
    places (List[Place]): The embeddings that may be pretrained, the one that is to be first;
        none if pretraining wasn't asked for.
    """

    chosen: list[str]
    diffusion: Block
    weight: float
    own_weight: float
    bags: Bags
    copying: bool
    places: list[Place]
