"""The catalogue of a project as one HTML page that needs nothing else."""
