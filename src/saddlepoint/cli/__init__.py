"""The command `saddle`: one file per command, loaded when it is run."""
