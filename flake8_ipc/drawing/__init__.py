"""Pictures of a program and of its findings: what is drawn, and the forms in which it is written down."""
