"""The explorer, `saddle explore`: runs looked at, played with, started and stopped in a browser (the extra `web`)."""
