"""DynamoDB and SQS: the only place that knows them."""
