"""Templates, policies and the zip."""
