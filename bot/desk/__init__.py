"""The handover desk: requests for a person, who takes them, and how the bot gets the conversation back."""
