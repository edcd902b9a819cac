"""What people look at: the stability report, and what diffused vectors are made of."""
