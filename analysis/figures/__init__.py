"""Figures of the report. They draw what analysis computed and compute nothing themselves."""
