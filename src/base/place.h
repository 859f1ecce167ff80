/*
 * place: where something stands in a file, as messages about it show it.
 */
#ifndef BRAID_BASE_PLACE_H
#define BRAID_BASE_PLACE_H

#include "base/bytes.h"

/*
 * `line` and `column` count from 1, in octets; 0 = the file as a whole. `len` octets are
 * underlined.
 */
struct place {
    const char *file; /* as messages name it */
    uint32_t line, column, len;
    struct bytes text; /* the line itself, without its end; borrowed */
};

#endif
