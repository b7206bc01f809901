"""bpost's parcel services as the simulated platform speaks them: Shipping Manager, tracking, pick-up points.

Written from what is known of them in public; where nobody knows, a switch (``simulator.bpost.switches``) lets either
be tried, and an answer that rests on our own assumption alone says so in the header ``X-Assumed``. Shares no code with
any connector: both follow the same rules, and meet in vector files only.
"""
