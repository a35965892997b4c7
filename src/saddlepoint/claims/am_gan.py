"""Zhou et al. 2018: one classifier of the classes and of fakes."""

from saddlepoint.claims.claim import Claim, Published, Setting
from saddlepoint.claims.labels import measure

CLAIM = Claim(
    recipe="am_gan",
    statement="Maximising one class of a K + 1 classifier gives a generator clearer gradients than real "
    "against fake and class apart.",
    published={
        "mnist": Published(
            value="8.91 ± 0.11",
            measure="Inception score on CIFAR-10, predefined labels",
            where="table 1, from memory",
            comparable="no: another data set, and a score by other features",
        ),
    },
    settings={
        "quick": {"mnist": Setting(images=60_000, options={"width": 32, "batch": 32, "ema": 4000})},
        "full": {"mnist": Setting(images=5_000_000, options={"batch": 100})},
    },
    gap="The paper's networks for CIFAR-10 are deeper and run longer; here it stands beside acgan at equal "
    "networks, images and rate.",
    probe=measure,
)
