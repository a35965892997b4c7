"""Abstract recipes: the algorithm is written once, a method fills in networks and objectives."""

from saddlepoint.families.flow import Flow, FlowConfig
from saddlepoint.families.inference import AdversarialInference, InferenceConfig
from saddlepoint.families.pair import Pair, PairConfig
from saddlepoint.families.semi_supervised import SemiSupervised, SemiSupervisedConfig
from saddlepoint.families.two_player import ConditionalTwoPlayer, TwoPlayer, TwoPlayerConfig

__all__ = [
    "AdversarialInference",
    "ConditionalTwoPlayer",
    "Flow",
    "FlowConfig",
    "InferenceConfig",
    "Pair",
    "PairConfig",
    "SemiSupervised",
    "SemiSupervisedConfig",
    "TwoPlayer",
    "TwoPlayerConfig",
]
