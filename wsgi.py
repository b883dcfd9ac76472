"""The WSGI entrance: `application` for any server, configured from EFM_* variables."""

from efm import config, process
from efm.app import make_app
from efm.web.compiled import prepare_answer_pages
from efm.web.fast import Entrance

app = make_app(config.load())
application = Entrance(app)
prepare_answer_pages(app)
process.settle()
