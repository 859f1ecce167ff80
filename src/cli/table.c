/* table: see table.h. */
#include "cli/table.h"

#include <stdlib.h>

struct table_row {
    struct table_row *next;
    char *cell[TABLE_COLUMNS]; /* NULL where memory ran out */
    enum look look[TABLE_COLUMNS];
};

struct table table_make(unsigned columns)
{
    return (struct table){.columns = columns};
}

void table_add(struct table *t, enum look look, const char *const *cells)
{
    struct table_row *row = calloc(1, sizeof *row);
    if (!row)
        return;
    for (unsigned i = 0; i < t->columns; i++) {
        row->cell[i] = strdup(cells[i]);
        row->look[i] = look;
    }
    if (!t->first)
        t->last = &t->first;
    *t->last = row;
    t->last = &row->next;
}

void table_look(struct table *t, unsigned column, enum look look)
{
    if (!t->first)
        return;
    struct table_row *row = t->first;
    while (row->next)
        row = row->next;
    row->look[column] = look;
}

/* How many columns of a terminal: octets that begin a character. */
static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; text && *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static bool is_last(const struct table *t, const struct table_row *row, unsigned column)
{
    for (unsigned i = column + 1; i < t->columns; i++)
        if (row->cell[i] && row->cell[i][0] != '\0')
            return false;
    return true;
}

static void print_row(const struct table *t, const struct table_row *row, const size_t *widths,
                      FILE *to, unsigned indent)
{
    fprintf(to, "%*s", (int)indent, "");
    for (unsigned i = 0; i < t->columns; i++) {
        const char *cell = row->cell[i] ? row->cell[i] : "";
        look_print(to, row->look[i], "%s", cell);
        if (is_last(t, row, i))
            break;
        fprintf(to, "%*s", (int)(widths[i] - width_of(cell) + 2), "");
    }
    fputc('\n', to);
}

void table_print(struct table *t, FILE *to, unsigned indent)
{
    size_t widths[TABLE_COLUMNS] = {0};
    for (const struct table_row *row = t->first; row; row = row->next)
        for (unsigned i = 0; i < t->columns; i++) {
            size_t width = width_of(row->cell[i]);
            widths[i] = width > widths[i] ? width : widths[i];
        }
    for (const struct table_row *row = t->first; row; row = row->next)
        print_row(t, row, widths, to, indent);
    table_free(t);
}

void table_free(struct table *t)
{
    while (t->first) {
        struct table_row *row = t->first;
        t->first = row->next;
        for (unsigned i = 0; i < t->columns; i++)
            free(row->cell[i]);
        free(row);
    }
}
