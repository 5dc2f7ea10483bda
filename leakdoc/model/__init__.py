"""The frozen values that flow from left to right through leakdoc."""
