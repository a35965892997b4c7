"""A course's exercise: a VAE that classifies, from a hundred labels."""

from saddlepoint.claims.claim import Claim, Published, Setting
from saddlepoint.claims.classes import measure
from saddlepoint.claims.codes import reconstructions

OPTIONS = {"labels": 100, "likelihood": "bernoulli"}

CLAIM = Claim(
    recipe="classification_vae",
    statement="A VAE whose encoder also names the class learns to classify from few labels and many images.",
    published={
        "mnist": Published(
            value="0.2569 (0.3577, 0.7047, 0.9291, 0.9697, 0.9878, 0.9920)",
            measure="test accuracy with 100 (400, 1000, 4000, 10000, 40000, 60000) labels",
            where="the course's own solution",
            comparable="no: its networks and its training are not known to us",
        ),
    },
    settings={
        "quick": {"mnist": Setting(images=60_000, options={**OPTIONS, "ema": 5_000})},
        "full": {"mnist": Setting(images=5_000_000, options=OPTIONS)},
    },
    gap="The course trains on all 60,000 images; here 3,000 are held out for validation and not used. For each number "
    "of labels, and beside other methods: saddle reproduce semi_supervised.",
    probe=measure,
    pictures={"reconstructions": reconstructions},
)
