"""Abstract recipes: the algorithm is written once, a method fills in networks and objectives."""

from saddlepoint.families.autoencoding_gan import AutoencodingConfig, AutoencodingGAN
from saddlepoint.families.inference import AdversarialInference, InferenceConfig
from saddlepoint.families.pair import Pair, PairConfig
from saddlepoint.families.semi_supervised import SemiSupervised, SemiSupervisedConfig
from saddlepoint.families.two_player import ConditionalTwoPlayer, TwoPlayer, TwoPlayerConfig

__all__ = [
    "AdversarialInference",
    "AutoencodingConfig",
    "AutoencodingGAN",
    "ConditionalTwoPlayer",
    "InferenceConfig",
    "Pair",
    "PairConfig",
    "SemiSupervised",
    "SemiSupervisedConfig",
    "TwoPlayer",
    "TwoPlayerConfig",
]
