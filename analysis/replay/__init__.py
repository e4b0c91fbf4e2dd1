"""A replay of one run as a single HTML file: for slides, offline, with the drawing of the teaching page."""
