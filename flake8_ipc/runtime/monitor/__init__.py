"""The monitor: decides from outside the program whether some of its processes wait for each other for good."""
