"""The processes of a laptop, started as a person starts them."""
