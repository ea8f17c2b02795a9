// query DATABASE SQL: runs SQL on a database file and prints each row, columns separated by '|'.
// The database is opened read-only and immutable: it is content, so nobody can change it meanwhile.
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static int print_row(void* context, int columns, char** values, char** names) {
  (void)context;
  (void)names;
  for (int i = 0; i < columns; i++) {
    if (i) putchar('|');
    fputs(values[i] ? values[i] : "", stdout);
  }
  putchar('\n');
  return 0;
}

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: query DATABASE SQL\n");
    return 2;
  }
  char uri[4096];
  snprintf(uri, sizeof uri, "file:%s?mode=ro&immutable=1", argv[1]);
  sqlite3* database = NULL;
  if (sqlite3_open_v2(uri, &database, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) != SQLITE_OK) {
    fprintf(stderr, "query: %s: %s\n", argv[1], sqlite3_errmsg(database));
    return 1;
  }
  char* message = NULL;
  const int code = sqlite3_exec(database, argv[2], print_row, NULL, &message);
  if (code != SQLITE_OK) fprintf(stderr, "query: %s\n", message);
  sqlite3_free(message);
  sqlite3_close(database);
  return code == SQLITE_OK ? 0 : 1;
}
