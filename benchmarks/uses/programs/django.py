# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "django==6.1.3",
# ]
# ///
"""Translates and formats dates in German."""

from django.conf import settings
settings.configure(USE_I18N=True, LANGUAGE_CODE="de")
import django; django.setup()
from django.utils import translation, dates
with translation.override("de"): print(translation.gettext("Yes"), dates.MONTHS[3])
