"""Answers GraphQL with Strawberry."""

import strawberry


@strawberry.type
class Part:
    name: str
    price: float


PARTS = [Part(name="bolt", price=0.5), Part(name="nut", price=0.2)]


@strawberry.type
class Query:
    @strawberry.field
    def parts(self, below: float = 1.0) -> list[Part]:
        return [part for part in PARTS if part.price < below]


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def rename(self, name: str, to: str) -> Part:
        return Part(name=to, price=next(part.price for part in PARTS if part.name == name))


schema = strawberry.Schema(query=Query, mutation=Mutation)


def handler(event, context):
    import asyncio

    result = asyncio.run(schema.execute(event["query"], variable_values=event.get("variables")))
    return {"data": result.data, "errors": [error.message for error in result.errors or ()], "sdl": len(schema.as_str())}
