/* Files without a name, for what does not fit into memory: in $TMPDIR, or in /tmp. Gone when they
 * are closed, however the process ends. Any thread. */
#ifndef ZR_CLIENT_CLI_TEMP_FILE_H
#define ZR_CLIENT_CLI_TEMP_FILE_H

#include <stdio.h>

/* The folder they are in, for words; lives as long as the environment does. */
const char *zr_temp_folder(void);
/* Open to read and write, closed to others; -1 with errno. The caller closes it. */
int zr_temp_fd(void);
/* The same as a stream; NULL with errno. */
FILE *zr_temp_file(void);
/* One with a name that begins so, and stays. The caller frees the name and closes the file; NULL
 * with errno. */
char *zr_temp_named(const char *begin, FILE **file);

#endif
