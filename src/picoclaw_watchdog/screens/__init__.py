"""What the owner's commands show: values in, lines for a terminal out. One file for each screen."""
