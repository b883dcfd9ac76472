"""The yardstick's WSGI entrance, served by granian as the product is."""

from tests.bench.yardstick.service import from_environment

app = from_environment()
