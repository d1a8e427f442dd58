"""Search by sound, by numbers and by words."""
