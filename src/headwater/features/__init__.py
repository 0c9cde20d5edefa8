"""Features of entities: what is declared of them, compiled to exact windows, and computed."""
