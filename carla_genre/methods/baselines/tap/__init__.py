"""TAP: a second network verifies the counterfactuals that h accepts."""
