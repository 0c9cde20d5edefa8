"""The pages of a project in a browser: `headwater serve`."""
