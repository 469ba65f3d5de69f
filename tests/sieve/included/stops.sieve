discard; stop;
