echo a plot that has nothing to do with it
