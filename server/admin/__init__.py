"""Pages for whoever runs a site: how work is captured there, and the people who do it."""
