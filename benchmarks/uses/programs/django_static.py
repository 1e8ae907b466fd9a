# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "django==6.1.3",
#     "drf-yasg==1.21.18",
# ]
# ///
"""Collects static files whose scripts name source maps."""

import tempfile, os
from django.conf import settings
d = tempfile.mkdtemp()
settings.configure(INSTALLED_APPS=["django.contrib.staticfiles", "drf_yasg"], STATIC_URL="/s/", STATIC_ROOT=d,
    STORAGES={"default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}})
import django; django.setup()
from django.core.management import call_command
call_command("collectstatic", interactive=False, verbosity=0)
print(os.path.exists(d + "/staticfiles.json"))
