"""DynamoDB and SQS, over moto."""
