"""What the command and the run share: what is asked for, which findings are wanted, and the forms in which they are told."""
