"""What it costs that no answer equals a row that few people have."""
