"""What a record can be of: a shipment's order, a contact of Maxiresponse, an order of MyStamp."""

from __future__ import annotations

from schemas.maxiresponse import Contact
from schemas.mystamp import StampOrder
from schemas.order import Order

Matter = Order | Contact | StampOrder
