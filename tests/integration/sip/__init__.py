"""Independent telephones and the line under test."""
