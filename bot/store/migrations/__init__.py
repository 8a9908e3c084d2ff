"""The history of the tables, run at every start (`bot.store.database.upgrade`).

`python -m bot.store.migrations "what changes"` writes the next one from the difference between the models
and a database made by the migrations so far; read it, correct it, keep it.
"""
