"""What the Makefile calls: the lock, the front-end files, the catalogues. The product never imports it."""
