"""Making a trained pipeline steady: on texts, with or without annotation."""
