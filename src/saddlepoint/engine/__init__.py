"""The engine: optimisers, freezing, autocast, accumulation, averages, checkpoints. It never names a method."""
