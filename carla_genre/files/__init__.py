"""Tables, people and models in files: CSV and Parquet a chunk at a time, answered on one machine or many."""
