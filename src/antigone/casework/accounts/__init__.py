"""Who works in the office: actors, their roles and keys, and the devices they use."""
