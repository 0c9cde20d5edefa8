"""The numbers for programs, under `/v1`: JSON, CSV and Arrow."""
