"""The one exception that is the user's to mend."""


class UserError(ValueError):
    """A mistake the user can put right: bad file, key, value or run.

    The message is one sentence that names the offending thing and what would be right. The command line
    prints it without a traceback and exits with status 2.
    """
