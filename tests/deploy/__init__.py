"""Tests of the templates, the policies and the zip."""
