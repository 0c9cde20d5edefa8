#!/usr/bin/env bash
# MLflow's server for the tests, which start their own: the environment that the benchmarks have too,
# locked with hashes, in build/peers/mlflow. Nothing is done where it is as its lock says.
set -euo pipefail
cd "$(dirname "$0")/.."

PYTHONPATH=benchmarks .venv/bin/python -c \
  'from peers.environments import environment; environment("mlflow")'
