"""Recourse where features follow from each other: answers whose actions are carried out in the true model."""
