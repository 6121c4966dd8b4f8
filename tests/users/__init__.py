"""Users, logins and passwords."""
