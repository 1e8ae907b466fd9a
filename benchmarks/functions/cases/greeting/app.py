"""Greets in many languages, with numbers and dates as they are written there."""

import datetime

import phonenumbers
from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime, get_timezone
from babel.numbers import format_currency, format_decimal
from phonenumbers import carrier, geocoder, timezone


def handler(event, context):
    try:
        locale = Locale.parse(event["locale"])
    except UnknownLocaleError as error:
        return {"error": str(error)}
    number = phonenumbers.parse(event["phone"], "CH")
    when = datetime.datetime(2026, 11, 26, 2, 0, tzinfo=datetime.timezone.utc)
    return {"language": locale.display_name, "price": format_currency(1234.5, event["currency"], locale=locale),
            "number": format_decimal(-1234567.891, locale=locale), "when": format_datetime(when, "full", tzinfo=get_timezone(event["zone"]), locale=locale),
            "plural": locale.plural_form(2), "phone": phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL),
            "where": geocoder.description_for_number(number, "de"), "carrier": carrier.name_for_number(number, "en"),
            "zones": list(timezone.time_zones_for_number(number)), "valid": phonenumbers.is_valid_number(number)}
