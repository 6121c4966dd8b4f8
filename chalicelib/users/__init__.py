"""Users: who they are, how they log in, and how guessing is slowed down."""
