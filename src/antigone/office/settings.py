"""Django's settings, the same for every office; which database it is follows when one is opened (`database`)."""

DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
INSTALLED_APPS = ["antigone.casework.accounts", "antigone.casework.journal", "antigone.casework.agreements"]
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGGING_CONFIG = None
# No session, cookie or reset link is signed with it yet; Django's type checker asks for one.
SECRET_KEY = "nothing is signed with this"  # noqa: S105
