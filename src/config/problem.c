/*
 * problem: the list of what is wrong, the way it is shown, and the guess at what was meant. See
 * problem.h.
 *
 * A problem outlives the settings it was found in, so it copies what it shows. The copy is where
 * secrets are kept out: it ends at the `=` of a key that holds one.
 */
#include "config/problem.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <strings.h>

enum {
    MESSAGE_MAX = 1024,
    SOURCE_MAX = 240, /* of a line that is shown */
    GUESS_MAX = 40,   /* longest word that is compared */
};

void problem_list_init(struct problem_list *list)
{
    *list = (struct problem_list){.last = &list->first};
}

void problem_list_free(struct problem_list *list)
{
    while (list->first) {
        struct problem *p = list->first;
        list->first = p->next;
        free((char *)(uintptr_t)p->file);
        free((char *)(uintptr_t)p->message);
        free((char *)(uintptr_t)p->text);
        free(p);
    }
    problem_list_init(list);
}

/* ---- copying a line -------------------------------------------------------------------------- */

/*
 * Keys whose values are never shown. A longer name that begins like one ("secret2") counts as
 * well.
 */
static const char *const hidden_keys[] = {"secret", "pin", "password"};

/* How much of the line may be shown: up to and with the first `=` behind a hidden key. */
static size_t shown_len(struct bytes line)
{
    for (size_t i = 0; i < line.len; i++) {
        for (size_t k = 0; k < sizeof hidden_keys / sizeof hidden_keys[0]; k++) {
            size_t len = strlen(hidden_keys[k]);
            if (line.len - i < len ||
                strncasecmp((const char *)line.at + i, hidden_keys[k], len) != 0)
                continue;
            const uint8_t *equals = memchr(line.at + i, '=', line.len - i);
            return equals ? (size_t)(equals - line.at) + 1 : line.len;
        }
    }
    return line.len;
}

/* The line as it may be shown: control characters replaced, cut where a secret begins. */
static char *copy_line(struct bytes line)
{
    size_t len = shown_len(line);
    if (len > SOURCE_MAX)
        len = SOURCE_MAX;
    char *copy = malloc(len + 1);
    if (!copy)
        return NULL;
    for (size_t i = 0; i < len; i++)
        copy[i] =
            line.at[i] == '\t' || (line.at[i] >= ' ' && line.at[i] != 127) ? (char)line.at[i] : '?';
    copy[len] = '\0';
    return copy;
}

static struct problem *make_problem(enum problem_kind kind, const struct place *where,
                                    const char *message)
{
    struct problem *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->kind = kind;
    p->message = strdup(message);
    if (where) {
        p->line = where->line;
        p->column = where->column;
        p->len = where->len;
        p->file = where->file ? strdup(where->file) : NULL;
        p->text = where->line > 0 && where->text.len > 0 ? copy_line(where->text) : NULL;
    }
    return p;
}

void problem_add(struct problem_list *list, enum problem_kind kind, const struct place *where,
                 const char *format, ...)
{
    size_t *count = kind == PROBLEM_ERROR ? &list->errors : &list->warnings;
    ++*count;
    if (list->errors + list->warnings > PROBLEMS_MAX)
        return;
    char message[MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    for (char *c = message; *c; c++) {
        if ((uint8_t)*c < ' ' || *c == 127)
            *c = '?';
    }
    struct problem *p = make_problem(kind, where, message);
    if (!p)
        return;
    *list->last = p;
    list->last = &p->next;
}

void problem_say(void *self, bool is_error, const struct place *where, const char *text)
{
    problem_add(self, is_error ? PROBLEM_ERROR : PROBLEM_WARNING, where, "%s", text);
}

/* ---- order ----------------------------------------------------------------------------------- */

static int compare_numbers(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static int compare(const struct problem *a, const struct problem *b)
{
    if (!a->file || !b->file)
        return (a->file == NULL) - (b->file == NULL);
    int files = strcmp(a->file, b->file), lines = compare_numbers(a->line, b->line);
    return files ? files : lines ? lines
                                 : compare_numbers(a->column, b->column);
}

void problem_list_sort(struct problem_list *list)
{
    struct problem *rest = list->first, *p;
    list->first = NULL;
    while ((p = rest) != NULL) { /* into its place among those before it: PROBLEMS_MAX is small */
        struct problem **at = &list->first;
        rest = p->next;
        while (*at && compare(*at, p) <= 0)
            at = &(*at)->next;
        p->next = *at;
        *at = p;
    }
    list->last = &list->first;
    while (*list->last)
        list->last = &(*list->last)->next;
}

/* ---- showing --------------------------------------------------------------------------------- */

static void print_headline(FILE *to, const struct problem *p)
{
    if (p->file)
        fprintf(to, "%s:", p->file);
    if (p->file && p->line > 0)
        fprintf(to, "%u:%u:", p->line, p->column);
    fprintf(to, "%s%s%s", p->file ? " " : "", p->kind == PROBLEM_WARNING ? "warning: " : "",
            p->message ? p->message : "out of memory");
}

/* The line, and below it carets under the offending text. Tabs stay tabs, so both lines up. */
static void print_source(FILE *to, const struct problem *p)
{
    size_t len = strlen(p->text);
    fprintf(to, "\n    %s", p->text);
    if (p->column == 0 || p->column > len)
        return;
    fputs("\n    ", to);
    for (size_t i = 0; i + 1 < p->column; i++)
        fputc(p->text[i] == '\t' ? '\t' : ' ', to);
    fputc('^', to);
    for (size_t i = p->column; i < len && i + 1 < (size_t)p->column + p->len; i++)
        fputc('~', to);
}

char *problem_text(const struct problem *p, bool with_source)
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    if (!to)
        return NULL;
    print_headline(to, p);
    if (with_source && p->text)
        print_source(to, p);
    if (fclose(to) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

void problem_list_print(const struct problem_list *list, FILE *to)
{
    for (const struct problem *p = list->first; p; p = p->next) {
        print_headline(to, p);
        if (p->text)
            print_source(to, p);
        fputc('\n', to);
    }
}

/* ---- guessing -------------------------------------------------------------------------------- */

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    unsigned ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/*
 * How many letters must be added, removed, replaced or swapped with their neighbour to make one
 * word of the other; case counts for nothing.
 */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    unsigned rows[3][GUESS_MAX + 1];
    unsigned *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_len; j++)
        last[j] = (unsigned)j;
    memset(before, 0, sizeof rows[0]);
    for (size_t i = 1; i <= a_len; i++) {
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            int x = tolower((uint8_t)a[i - 1]), y = tolower((uint8_t)b[j - 1]);
            row[j] = least(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y));
            bool swapped = i > 1 && j > 1 && x == tolower((uint8_t)b[j - 2]) &&
                           y == tolower((uint8_t)a[i - 2]);
            if (swapped && before[j - 2] + 1 < row[j])
                row[j] = before[j - 2] + 1;
        }
        unsigned *free_row = before;
        before = last;
        last = row;
        row = free_row;
    }
    return last[b_len];
}

const char *problem_guess(struct bytes written, const char *const *words)
{
    if (written.len < 2 || written.len > GUESS_MAX)
        return NULL;
    unsigned best =
        (unsigned)written.len / 3 + 1; /* further away than this is no guess but a coincidence */
    const char *guess = NULL;
    for (; *words; words++) {
        size_t len = strlen(*words);
        if (len > GUESS_MAX)
            continue;
        unsigned d = distance((const char *)written.at, written.len, *words, len);
        if (d < best || (d == best && !guess)) {
            best = d;
            guess = *words;
        }
    }
    return guess;
}
