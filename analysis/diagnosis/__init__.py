"""Why customers are disappointed: causes, what becomes of the same customers without them, and who gets the credit."""
