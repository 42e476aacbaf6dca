"""The office: where its folder, database and keys are put together."""
