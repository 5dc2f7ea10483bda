"""Speed and accuracy, measured side by side with named peers: `python -m benchmarks`."""
