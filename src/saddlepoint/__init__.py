"""Deep generative models: train, sample, judge and explore."""
