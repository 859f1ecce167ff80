/*
 * fuzz_settings: any text through the settings grammar. The tree that results is walked to a few
 * levels, problems are shown; nothing of a closed string may be read beyond its end, and what was
 * found by walking must be found by name.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "config/settings.h"

enum { DEPTH = 4 };

static void walk(const struct settings *s, const struct view *v, unsigned depth)
{
    struct view_at at = {.layer = 0};
    for (struct setting *k; (k = view_next_setting(s, v, &at)) != NULL;) {
        if (view_setting(s, v, k->name) != k || strlen(k->value) != k->len)
            abort();
    }
    at = (struct view_at){.layer = 0};
    for (struct section *sub; depth < DEPTH && (sub = view_next_section(s, v, &at)) != NULL;) {
        struct view inner;
        if (!view_section(s, v, sub->name, &inner) || inner.layer[0] != sub)
            abort();
        walk(s, &inner, depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct problem_list problems;
    struct view root;
    problem_list_init(&problems);
    struct settings *s = settings_new(&problems);
    settings_read_text(s, "f", bytes_make(data, size < 4096 ? size : 4096));
    settings_finish(s);
    settings_root(s, &root);
    walk(s, &root, 0);
    for (struct problem *p = problems.first; p; p = p->next)
        free(problem_text(p, true));
    settings_free(s);
    problem_list_free(&problems);
    return 0;
}
