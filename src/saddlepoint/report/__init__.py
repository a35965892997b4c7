"""What a run did, on one page; and several runs beside each other."""
