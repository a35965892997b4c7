"""A number and all that it depends on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from saddlepoint.metrics import inception

FLOOR = "_floor"
TITLES = {
    "fd": "FD",
    "kid": "KID",
    "elbo": "ELBO (nats)",
    "bits_per_dim": "bits/dim, upper bound",
    "log_likelihood": "log p(x) (nats)",
    "bits_per_dim_exact": "bits/dim",
    "iwae": "IWAE bound (nats)",
    "bits_per_dim_iwae": "bits/dim, upper bound by IWAE",
    "active_units": "active units",
}


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One number. A metric that ends in `_floor` is that of real training images in the samples' place.

    error: standard error, where there is one. protocol: reference split and counts, features and their sha256,
    resizing, weights, seed, data and fingerprint, the metric's own constants, and warnings as sentences.
    """

    metric: str
    value: float
    error: float | None = None
    protocol: dict[str, Any]

    def label(self) -> str:
        """The metric with its features, as `FD[classifier:digits@1f3a]`. FID needs the published Inception weights."""
        base = self.metric.removesuffix(FLOOR)
        floor = " floor" if base != self.metric else ""
        title = TITLES.get(base, base)
        if "k" in self.protocol and base in ("iwae", "bits_per_dim_iwae"):
            title += f", k = {self.protocol['k']:,}"
        if "features" not in self.protocol:
            return title + floor
        if base == "fd" and self.protocol["features_sha256"] == inception.SHA256:
            return "FID" + floor
        return f"{title}{floor}[{self.protocol['features']}]"
