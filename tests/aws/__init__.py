"""Tests of the code for DynamoDB and SQS, on moto."""
