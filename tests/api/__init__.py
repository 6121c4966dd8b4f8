"""HTTP, asked as API Gateway asks it."""
