"""An API with Powertools: routes, validation, logs and metrics."""

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.parser import BaseModel
from aws_lambda_powertools.utilities.validation import validate

logger = Logger(service="orders")
metrics = Metrics(namespace="shop", service="orders")
app = APIGatewayHttpResolver(enable_validation=True)
batch = BatchProcessor(event_type=EventType.SQS)
SCHEMA = {"type": "object", "required": ["item"], "properties": {"item": {"type": "string"}}}


class Order(BaseModel):
    item: str
    quantity: int = 1


@app.get("/orders/<number>")
def get_order(number: int) -> dict:
    if number > 5:
        raise NotFoundError(f"no order {number}")
    metrics.add_metric(name="read", unit=MetricUnit.Count, value=1)
    return {"number": number}


@app.post("/orders")
def make_order(order: Order) -> Order:
    logger.info("made", extra={"item": order.item})
    return order


def take(record):
    validate(event=record.json_body, schema=SCHEMA)


@metrics.log_metrics
@logger.inject_lambda_context(log_event=True)
def handler(event, context):
    if "Records" in event:
        return process_partial_response(event=event, record_handler=take, processor=batch, context=context)
    return app.resolve(event, context)
