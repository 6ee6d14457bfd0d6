"""The tables of the operations database (law 1): cases and what leaves the house, stock, reference data."""

from schemas.tables.audits import *
from schemas.tables.base import metadata
from schemas.tables.calls import *
from schemas.tables.cases import *
from schemas.tables.closing import *
from schemas.tables.complaints import *
from schemas.tables.customers import *
from schemas.tables.cycles import *
from schemas.tables.editions import *
from schemas.tables.evaluations import *
from schemas.tables.history import *
from schemas.tables.messages import *
from schemas.tables.money import *
from schemas.tables.reference import *
from schemas.tables.scheduled import *
from schemas.tables.settlements import *
from schemas.tables.stock import *
from schemas.tables.surveys import *
