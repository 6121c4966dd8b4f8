"""Tests of the API, by requests as API Gateway sends them."""
