"""The customer's web: public pages and console."""
