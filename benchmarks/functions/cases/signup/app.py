"""Validates sign-ups with Pydantic."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, EmailStr, Field, HttpUrl, ValidationError, model_validator


def known(country: str) -> str:
    if country not in {"CH", "DE"}:
        raise ValueError(f"we do not ship to {country}")
    return country


class Card(BaseModel):
    kind: Literal["card"]
    number: str = Field(pattern=r"^\d{4}$")


class Bill(BaseModel):
    kind: Literal["bill"]
    limit: Decimal = Decimal(100)


class SignUp(BaseModel):
    email: EmailStr
    born: date
    home: HttpUrl | None = None
    country: Annotated[str, AfterValidator(known)]
    payment: Annotated[Card | Bill, Field(discriminator="kind")]

    @model_validator(mode="after")
    def grown(self):
        if self.born.year > 2008:
            raise ValueError("too young")
        return self


def handler(event, context):
    try:
        found = SignUp.model_validate(event)
    except ValidationError as error:
        return {"errors": error.errors(include_url=False, include_context=False)}
    return {"valid": found.model_dump(mode="json"), "schema": sorted(SignUp.model_json_schema()["$defs"])}
