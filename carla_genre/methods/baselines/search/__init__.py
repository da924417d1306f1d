"""What a search for recourse by gradients needs, whatever it looks for."""
