"""Groups of records of one person by splink: `python matching_splink.py CONTACTS FOLDER`.

Driven by hand the way its tutorial does, on lower-case texts and phones without punctuation.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

import duckdb
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

source, folder = sys.argv[1], Path(sys.argv[2])
logging.getLogger("splink").setLevel(logging.CRITICAL)
connection = duckdb.connect()
columns = "ref AS unique_id, lower(first_name) AS first_name, lower(last_name) AS surname, lower(email) AS email"
columns += ", lower(city) AS city, strftime(birth_date, '%Y-%m-%d') AS dob"
columns += ", right(regexp_replace(phone, '[^0-9]', '', 'g'), 10) AS phone"
connection.read_parquet(source).project(columns).create("people")
api = DuckDBAPI(connection)
settings = SettingsCreator(
    link_type="dedupe_only",
    comparisons=[
        cl.NameComparison("first_name"),
        cl.NameComparison("surname"),
        cl.DateOfBirthComparison("dob", input_is_string=True),
        cl.EmailComparison("email"),
        cl.ExactMatch("phone"),
        cl.ExactMatch("city").configure(term_frequency_adjustments=True),
    ],
    blocking_rules_to_generate_predictions=[
        block_on("surname", "dob"),
        block_on("first_name", "dob"),
        block_on("email"),
        block_on("phone"),
        block_on("first_name", "surname", "city"),
    ],
)
linker = Linker(api.register("people"), settings, log_level=None)
sure: list[Any] = [block_on("first_name", "surname", "dob"), block_on("email"), block_on("phone")]
linker.training.estimate_probability_two_random_records_match(sure, recall=0.7)
linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
linker.training.estimate_parameters_using_expectation_maximisation(block_on("first_name", "surname", "city"))
linker.training.estimate_parameters_using_expectation_maximisation(block_on("dob", "city"))
pairs = linker.inference.predict(threshold_match_probability=0.5)
grouped = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, threshold_match_probability=0.95)
found = connection.table(grouped.physical_name).project('unique_id AS ref, cluster_id AS "group"')
truth = connection.read_parquet(source).project("ref, person")
truth.join(found, "ref", how="left").write_parquet(str(folder / "groups.parquet"))
