"""What people see and touch in a notebook: one widget per file."""

from twmr_nb.ui.in_order import hear_in_order

hear_in_order()
