"""The laboratory: experiments small enough to watch, each a pure function of arrays with a drawing on top."""
