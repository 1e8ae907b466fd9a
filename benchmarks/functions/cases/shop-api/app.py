"""A web API in FastAPI, behind API Gateway through Mangum."""

from typing import Annotated

from fastapi import Depends, FastAPI, Header, HTTPException, Query
from mangum import Mangum
from pydantic import BaseModel, Field

app = FastAPI(title="Shop", version="1.2")
ORDERS = {1: "bolts", 2: "nuts"}


class Order(BaseModel):
    item: str = Field(min_length=2)
    quantity: int = Field(gt=0)


def user(authorization: Annotated[str | None, Header()] = None) -> str:
    if authorization is None:
        raise HTTPException(401, "who are you?")
    return authorization.removeprefix("Bearer ")


@app.get("/orders/{number}")
def get_order(number: int, verbose: Annotated[bool, Query()] = False):
    if number not in ORDERS:
        raise HTTPException(404)
    return {"number": number, "item": ORDERS[number], **({"verbose": True} if verbose else {})}


@app.post("/orders", status_code=201)
async def make_order(order: Order, who: Annotated[str, Depends(user)]) -> Order:
    return order.model_copy(update={"item": f"{order.item} for {who}"})


mangum = Mangum(app, lifespan="off")


def handler(event, context):
    answer = mangum(event, context)
    if event["rawPath"] == "/openapi.json":
        answer["body"] = len(answer["body"])
        answer["headers"] = sorted(answer["headers"])
    return answer
