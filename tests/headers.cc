// Nothing: the headers that tests include are compiled with it.
