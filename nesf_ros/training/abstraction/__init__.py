"""Training of the 3D nets of Semantic Abstraction: rooms, what is true of them, the loops."""
