"""What becomes of recourse where h is trained again, learns wrong labels, is miscalibrated, or has many features."""
