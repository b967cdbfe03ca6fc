"""One folder an exercise: exercise.toml, the task in two languages, a starter."""
