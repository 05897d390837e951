"""Reads a store with MLflow's own program, and prints what it finds as JSON."""
import json
import sys

from mlflow import MlflowClient

client = MlflowClient(f"file://{sys.argv[1]}")
runs = []
for experiment in client.search_experiments():
    for run in client.search_runs([experiment.experiment_id]):
        histories = {
            name: [[point.step, point.value] for point in client.get_metric_history(run.info.run_id, name)]
            for name in run.data.metrics
        }
        runs.append(
            {
                "experiment": experiment.name,
                "name": run.info.run_name,
                "status": run.info.status,
                "seconds": (run.info.end_time - run.info.start_time) / 1000,
                "params": run.data.params,
                "metrics": histories,
            }
        )
print(json.dumps(runs))
