/*
 * table: rows of cells that line up, for people. Collected first, printed when all are there.
 */
#ifndef BRAID_CLI_TABLE_H
#define BRAID_CLI_TABLE_H

#include "cli/look.h"

enum { TABLE_COLUMNS = 8 };

struct table_row;
struct table {
    struct table_row *first, **last;
    unsigned columns;
};

/* `columns` <= TABLE_COLUMNS */
struct table table_make(unsigned columns);
/* One row: copies of `columns` texts; `look` is that of the whole row but see table_look. */
void table_add(struct table *t, enum look look, const char *const *cells);
/* One cell of the row added last. */
void table_look(struct table *t, unsigned column, enum look look);
/* Print with this indentation, two blanks between columns, no blanks at the end; and free. */
void table_print(struct table *t, FILE *to, unsigned indent);
void table_free(struct table *t);

#endif
