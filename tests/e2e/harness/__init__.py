"""What the cases stand on: programs as processes, the simulator's pages, the plugin's calls."""
