"""What can go wrong that is no bug."""


class UserError(ValueError):
    """A mistake the user can put right: bad file, key, value or run.

    The message is one sentence that names the offending thing and what would be right. The command line
    prints it without a traceback and exits with status 2.
    """


class NonFiniteError(RuntimeError):
    """A loss or gradient was not finite. The weights were not moved by it, and a checkpoint was written.

    The message names the player and what was not finite. The command line prints it and exits with status 1.
    """


class LostProcessError(RuntimeError):
    """Another process of the same training died or stopped answering.

    The message names this process and the last checkpoint. The command line prints it and exits with status 1.
    """
