"""Masked words."""
