/*
 * problem: what is wrong with a configuration, where it stands, and how it is shown.
 *
 * Every step of loading adds to one list and goes on, so that a user sees all mistakes of a file
 * at once. A problem knows its file, line and column and keeps a copy of the line, to be printed
 * with the offending text underlined:
 *
 *     swanctl.conf:12:9: connections.home.versoin: unknown key, did you mean `version`?
 *         versoin = 2
 *         ^~~~~~~
 *
 * The value of a secret never gets into a problem: the copy of its line ends at the `=`.
 */
#ifndef BRAID_CONFIG_PROBLEM_H
#define BRAID_CONFIG_PROBLEM_H

#include "base/place.h"

#include <stdio.h>

enum { PROBLEMS_MAX = 200 }; /* of a load; later ones are only counted */

enum problem_kind { PROBLEM_ERROR,
                    PROBLEM_WARNING };

struct problem {
    struct problem *next;
    enum problem_kind kind;
    const char *file;
    uint32_t line, column, len;
    const char *message;
    const char *text; /* the line, or NULL */
};

struct problem_list {
    struct problem *first, **last;
    size_t errors, warnings; /* also those that were only counted */
};

void problem_list_init(struct problem_list *list);
void problem_list_free(struct problem_list *list);

/* Add one; `where` may be NULL. */
void problem_add(struct problem_list *list, enum problem_kind kind, const struct place *where,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same for who does not know lists: `self` is one, `where` may be NULL. */
void problem_say(void *self, bool is_error, const struct place *where, const char *text);

/* By file, line and column; what has no file comes last. Equals keep their order. */
void problem_list_sort(struct problem_list *list);

/*
 * One problem as text in memory to be freed: its headline without the end of line
 * ("swanctl.conf:7:9: ...", warnings "swanctl.conf:7:9: warning: ..."), and, if `with_source`,
 * the two lines below it. NULL when out of memory.
 */
char *problem_text(const struct problem *p, bool with_source);
/* All of them with their source, one behind the other. */
void problem_list_print(const struct problem_list *list, FILE *to);

/*
 * The word of `words` (NULL at the end) that somebody who wrote `written` may have meant, or
 * NULL.
 */
const char *problem_guess(struct bytes written, const char *const *words);

#endif
