"""Abstract recipes: the algorithm is written once, a method fills in networks and objectives."""

from saddlepoint.families.autoencoding_gan import AutoencodingConfig, AutoencodingGAN
from saddlepoint.families.autoregressive import Autoregressive, AutoregressiveConfig, PixelByPixel
from saddlepoint.families.encoder_decoder import EncoderDecoder, EncoderDecoderConfig
from saddlepoint.families.flow import Flow, FlowConfig
from saddlepoint.families.from_latent import FromLatent, LatentConfig
from saddlepoint.families.inference import AdversarialInference, InferenceConfig
from saddlepoint.families.labelled_variational import LabelledVariational
from saddlepoint.families.pair import Pair, PairConfig
from saddlepoint.families.semi_supervised import SemiSupervised, SemiSupervisedConfig
from saddlepoint.families.two_player import ConditionalTwoPlayer, TwoPlayer, TwoPlayerConfig
from saddlepoint.families.variational import Variational, VariationalConfig

__all__ = [
    "AdversarialInference",
    "AutoencodingConfig",
    "AutoencodingGAN",
    "Autoregressive",
    "AutoregressiveConfig",
    "ConditionalTwoPlayer",
    "EncoderDecoder",
    "EncoderDecoderConfig",
    "Flow",
    "FlowConfig",
    "FromLatent",
    "InferenceConfig",
    "LabelledVariational",
    "LatentConfig",
    "Pair",
    "PairConfig",
    "PixelByPixel",
    "SemiSupervised",
    "SemiSupervisedConfig",
    "TwoPlayer",
    "TwoPlayerConfig",
    "Variational",
    "VariationalConfig",
]
