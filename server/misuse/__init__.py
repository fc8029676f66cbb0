"""Votes that look like misuse: open rules, findings with who, when and why, and flags that anybody who may can undo. Nothing is deleted."""
