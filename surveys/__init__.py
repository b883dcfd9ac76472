"""The survey engine: values in, values out; no database, no web, no clock, no files but its own resources."""
