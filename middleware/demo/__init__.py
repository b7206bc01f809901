"""The demonstration: Parcelveil and a simulated parcel platform, real processes over real HTTP, judged from outside."""
