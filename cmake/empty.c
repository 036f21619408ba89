/* The isolation modules need one source of their own; everything else in them is a room's objects. */
extern int zr_isolation_module;
int zr_isolation_module = 0;
