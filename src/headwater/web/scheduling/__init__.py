"""The schedule, kept while the pages are served: when a job is due, its command is started."""
