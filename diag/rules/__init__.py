"""One file per rule: what it needs, and a pure function from evidence to findings."""
