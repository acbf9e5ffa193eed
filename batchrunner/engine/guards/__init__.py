"""What may hold a submit back."""
