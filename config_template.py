"""LEMONS: copy this file to config.py beside it and set your paths there; config.py is yours alone (git ignores it).

Each line is optional; what you leave out has the default shown here. Relative paths count from this file's folder.
"""

library_path = "data/demo"  # the music library: tracks.csv, listens.csv, audio/, stems/; or "s3://bucket/folder"
experiments_path = "experiments"  # trained models, sacred's records, TensorBoard's curves; or "s3://bucket/folder"
explanations_path = "experiments/explanations"  # explanations that were computed before; or "s3://bucket/folder"
fleet_path = ""  # results of `lemons fleet`: a folder or s3://…; empty: fleet in experiments_path

mongodb_url = ""  # such as "mongodb://localhost:27017": sacred records there, too; empty: to files alone
mongodb_db_name = "LEMONS"  # the database's name there
