"""The same with Powertools for AWS Lambda, whose idempotency keeps a table of its own of what was answered to whom. The
conditional put stays: the same event comes through several subscriptions in different bodies."""

import os

from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)

import webhook

# As long as redeliveries may come.
CONFIG = IdempotencyConfig(expires_after_seconds=3 * 24 * 60 * 60)
ANSWERS = DynamoDBPersistenceLayer(table_name=os.environ["IDEMPOTENCY_TABLE_NAME"])


def handler(event, context):
    CONFIG.register_lambda_context(context)
    return webhook.answer(event, lambda body, **arrival: tuple(keep(body=body.decode(), arrival=arrival)))


@idempotent_function(data_keyword_argument="body", config=CONFIG, persistence_store=ANSWERS)
def keep(body, arrival):
    return list(webhook.keep(body=body.encode(), **arrival))
