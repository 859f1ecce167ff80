/*
 * look: how output looks: colour and signs only where they can be shown.
 *
 * Colour needs a terminal and is off when NO_COLOR is set (no-color.org) or TERM is "dumb";
 * arrows need a UTF-8 locale.
 */
#ifndef BRAID_CLI_LOOK_H
#define BRAID_CLI_LOOK_H

#include "base/bytes.h"

#include <stdio.h>

enum look { LOOK_PLAIN,
            LOOK_BOLD,
            LOOK_GOOD,
            LOOK_BAD,
            LOOK_WARN,
            LOOK_DIM };

void look_init(void);
/* Print with a look, if `to` can show it. */
void look_print(FILE *to, enum look look, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
const char *look_right(void); /* an arrow, or "->" */
const char *look_left(void);
const char *look_both(void);

/* "1,234,567 B" grouped and scaled: "812 B", "1.2 kB", "3.4 MB". In a buffer of the caller. */
const char *look_size(uint64_t octets, char to[32]);
/* "45 s", "12 min", "3 h 05 min", "2 d 4 h" */
const char *look_age(int64_t seconds, char to[32]);

#endif
