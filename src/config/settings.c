/*
 * settings: parser and tree. See settings.h.
 *
 * The parser is one function per rule of the grammar. After a mistake it goes on at the next
 * line, so that one load shows them all; a mistake that makes the nesting doubtful (a missing
 * brace, an open string) marks the tree as unusable, because everything said about its content
 * would be guesswork.
 *
 * Names are found through one hash table for the whole tree, keyed by the section and the name,
 * so that ten thousand connections load in linear time.
 */
#include "config/settings.h"

#include "config/lexer.h"
#include "config/memory.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum {
    MEMORY_MAX = 1 << 30,
    BUCKETS_FIRST = 1024,
    REFERENCE_DEPTH_MAX = 64,
};

struct text_block {
    struct text_block *next;
    char *at;
    size_t len;
};

struct settings {
    struct problem_list *problems;
    struct arena arena;
    struct section root;
    struct text_block *texts; /* of files: lines in messages borrow them */
    struct setting **setting; /* hash tables, `buckets` long */
    struct section **section;
    size_t buckets, nodes;
    uint32_t files;
    const char *open[SETTINGS_INCLUDE_DEPTH_MAX + 1]; /* files being read, outermost first */
    uint32_t open_count;
    bool may_include; /* false for texts from memory */
    bool broken;      /* the structure is doubtful */
    bool full;        /* memory or nodes ran out; said once */
};

/* One file being parsed. */
struct parser {
    struct settings *s;
    struct lexer lexer;
    uint8_t *scratch; /* as long as the file: values are put together here */
};

/* ---- making and freeing ---------------------------------------------------------------------- */

static void init_section(struct section *section, const struct section *parent, const char *name)
{
    *section = (struct section){.parent = parent, .name = name};
    section->settings_end = &section->settings;
    section->sections_end = &section->sections;
    section->references_end = &section->references;
}

struct settings *settings_new(struct problem_list *problems)
{
    struct settings *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->problems = problems;
    s->arena = arena_make(&memory_libc, MEMORY_MAX);
    init_section(&s->root, NULL, "");
    s->buckets = BUCKETS_FIRST;
    s->setting = calloc(s->buckets, sizeof *s->setting);
    s->section = calloc(s->buckets, sizeof *s->section);
    if (!s->setting || !s->section) {
        settings_free(s);
        return NULL;
    }
    return s;
}

void settings_free(struct settings *s)
{
    if (!s)
        return;
    while (s->texts) {
        struct text_block *block = s->texts;
        s->texts = block->next;
        wipe(block->at, block->len);
        free(block->at);
        free(block);
    }
    arena_wipe(&s->arena);
    free(s->setting);
    free(s->section);
    free(s);
}

static void say_full(struct settings *s, const struct place *where)
{
    if (!s->full)
        problem_add(s->problems, PROBLEM_ERROR, where,
                    "the configuration is too large to be read (%zu keys and sections)", s->nodes);
    s->full = s->broken = true;
}

static void *take_node(struct settings *s, size_t len, const struct place *where)
{
    void *node = s->nodes < SETTINGS_NODES_MAX ? arena_take(&s->arena, len) : NULL;
    if (!node)
        say_full(s, where);
    else
        s->nodes++;
    return node;
}

/* ---- finding by name ------------------------------------------------------------------------- */

/* FNV-1a over the section's address and the name. */
static size_t hash(const struct section *owner, struct bytes name)
{
    uint64_t h = UINT64_C(14695981039346656037) ^ (uint64_t)(uintptr_t)owner;
    h *= UINT64_C(1099511628211);
    for (size_t i = 0; i < name.len; i++)
        h = (h ^ name.at[i]) * UINT64_C(1099511628211);
    return (size_t)(h ^ h >> 32);
}

static bool is_named(const char *name, struct bytes wanted)
{
    return strlen(name) == wanted.len && memcmp(name, wanted.at, wanted.len) == 0;
}

static struct setting *find_setting(const struct settings *s, const struct section *owner,
                                    struct bytes name)
{
    struct setting *at = s->setting[hash(owner, name) & (s->buckets - 1)];
    while (at && (at->owner != owner || !is_named(at->name, name)))
        at = at->chain;
    return at;
}

static struct section *find_section(const struct settings *s, const struct section *parent,
                                    struct bytes name)
{
    struct section *at = s->section[hash(parent, name) & (s->buckets - 1)];
    while (at && (at->parent != parent || !is_named(at->name, name)))
        at = at->chain;
    return at;
}

static void hang_setting(struct settings *s, struct setting *node)
{
    struct setting **bucket =
        &s->setting[hash(node->owner, bytes_str(node->name)) & (s->buckets - 1)];
    node->chain = *bucket;
    *bucket = node;
}

static void hang_section(struct settings *s, struct section *node)
{
    struct section **bucket =
        &s->section[hash(node->parent, bytes_str(node->name)) & (s->buckets - 1)];
    node->chain = *bucket;
    *bucket = node;
}

/*
 * Twice the buckets when there are more nodes than that. Without memory it stays as it is, only
 * slower.
 */
static void grow_tables(struct settings *s)
{
    if (s->nodes < s->buckets)
        return;
    size_t old = s->buckets;
    struct setting **settings = calloc(old * 2, sizeof *settings), **old_settings = s->setting;
    struct section **sections = calloc(old * 2, sizeof *sections), **old_sections = s->section;
    if (!settings || !sections) {
        free(settings);
        free(sections);
        return;
    }
    s->setting = settings;
    s->section = sections;
    s->buckets = old * 2;
    for (size_t i = 0; i < old; i++) {
        for (struct setting *node = old_settings[i], *next; node; node = next) {
            next = node->chain;
            hang_setting(s, node);
        }
        for (struct section *node = old_sections[i], *next; node; node = next) {
            next = node->chain;
            hang_section(s, node);
        }
    }
    free(old_settings);
    free(old_sections);
}

/* ---- adding to the tree ---------------------------------------------------------------------- */

static struct section *add_section(struct settings *s, struct section *parent,
                                   const struct token *name)
{
    struct section *section = find_section(s, parent, name->text);
    if (section)
        return section;
    section = take_node(s, sizeof *section, &name->place);
    char *text = section ? memory_text(&s->arena, name->text) : NULL;
    if (!text) {
        say_full(s, &name->place);
        return NULL;
    }
    init_section(section, parent, text);
    section->place = name->place;
    *parent->sections_end = section;
    parent->sections_end = &section->next;
    hang_section(s, section);
    grow_tables(s);
    return section;
}

static struct setting *add_setting(struct settings *s, struct section *owner,
                                   const struct token *name)
{
    struct setting *setting = find_setting(s, owner, name->text);
    if (setting)
        return setting;
    setting = take_node(s, sizeof *setting, &name->place);
    char *text = setting ? memory_text(&s->arena, name->text) : NULL;
    if (!text) {
        say_full(s, &name->place);
        return NULL;
    }
    setting->name = text;
    setting->owner = owner;
    *owner->settings_end = setting;
    owner->settings_end = &setting->next;
    hang_setting(s, setting);
    grow_tables(s);
    return setting;
}

static void add_reference(struct settings *s, struct section *section, struct bytes path,
                          const struct place *place)
{
    for (struct reference *r = section->references; r; r = r->next) {
        if (is_named(r->path, path))
            return;
    }
    struct reference *r = take_node(s, sizeof *r, place);
    char *text = r ? memory_text(&s->arena, path) : NULL;
    if (!text) {
        say_full(s, place);
        return;
    }
    r->path = text;
    r->place = *place;
    *section->references_end = r;
    section->references_end = &r->next;
}

/* ---- the grammar ----------------------------------------------------------------------------- */

/*
 * A mistake within one line: say it and go on behind the line. A brace that is skipped so leaves
 * the nesting in doubt.
 */
static void complain(struct parser *p, const struct place *where, const char *what)
{
    problem_add(p->s->problems, PROBLEM_ERROR, where, "%s", what);
    size_t from = p->lexer.at;
    lexer_skip_line(&p->lexer);
    for (; from < p->lexer.at; from++)
        p->s->broken |= p->lexer.text.at[from] == '{' || p->lexer.text.at[from] == '}';
}

static void next_token(struct parser *p, struct token *token, bool over_lines)
{
    do
        lexer_token(&p->lexer, token);
    while (over_lines && token->kind == TOKEN_NEWLINE);
}

/*
 * What the lexer could not read. An open string swallows the rest of the file, so nothing that
 * follows can be trusted.
 */
static void complain_value(struct parser *p, enum lexed result, const struct lexed_value *value)
{
    if (result == LEXED_CONTROL) {
        complain(p, &value->place, "a control character in a value");
        return;
    }
    complain(p, &value->place, "this string is not closed: its second quote is missing");
    p->s->broken = true;
}

/* keyvalue := name "=" value; the name and the `=` have been read. */
static void parse_value(struct parser *p, struct section *owner, const struct token *name)
{
    struct lexed_value value;
    enum lexed result = lexer_value(&p->lexer, p->scratch, &value);
    if (result != LEXED_OK) {
        complain_value(p, result, &value);
        return;
    }
    if (value.len > SETTINGS_VALUE_MAX) {
        complain(p, &value.place, "this value is longer than 65535 octets");
        return;
    }
    struct setting *setting = add_setting(p->s, owner, name);
    char *text = setting && value.present
                     ? memory_text(&p->s->arena, bytes_make(p->scratch, value.len))
                     : NULL;
    if (!setting || (value.present && !text)) {
        say_full(p->s, &name->place);
        return;
    }
    setting->value = text;
    setting->len = value.len;
    setting->form = SETTING_TEXT;
    setting->place = name->place;
    setting->value_place = value.place;
    setting->exact = value.exact;
}

/* ref := name {"." name}: joined in the scratch buffer. The token behind it is left in *token. */
static bool parse_reference(struct parser *p, struct section *section, struct token *token)
{
    size_t len = 0;
    next_token(p, token, true);
    struct place place = token->place;
    for (;;) {
        if (token->kind != TOKEN_NAME) {
            complain(p, &token->place, "the name of a section is missing here");
            return false;
        }
        memcpy(p->scratch + len, token->text.at, token->text.len);
        len += token->text.len;
        next_token(p, token, true);
        if (token->kind != TOKEN_DOT)
            break;
        p->scratch[len++] = '.';
        next_token(p, token, false);
    }
    place.len = (uint32_t)len;
    if (section)
        add_reference(p->s, section, bytes_make(p->scratch, len), &place);
    return true;
}

static void parse_statements(struct parser *p, struct section *section, const struct token *opened,
                             unsigned depth);
static void complain_nesting(struct parser *p, const struct place *where,
                             const struct token *section, const char *what);

/*
 * section := name [":" ref {"," ref}] "{" settings "}"; the name and `token` behind it have been
 * read.
 */
static void parse_section(struct parser *p, struct section *parent, const struct token *name,
                          struct token token, unsigned depth)
{
    if (depth >= SETTINGS_DEPTH_MAX) {
        complain_nesting(p, &name->place, name, "is nested too deeply");
        p->lexer.at = p->lexer.text.len;
        return;
    }
    struct section *section = p->s->full ? NULL : add_section(p->s, parent, name);
    while (token.kind == TOKEN_COLON || token.kind == TOKEN_COMMA) {
        if (!parse_reference(p, section, &token)) {
            p->s->broken = true;
            return;
        }
    }
    if (token.kind != TOKEN_OPEN) {
        complain_nesting(p, &token.place, name, "needs a `{` here, behind what it refers to");
        return;
    }
    if (section)
        parse_statements(p, section, name, depth + 1);
}

static void read_pattern(struct parser *p, struct section *section,
                         const struct lexed_value *value);

/* include := "include" pattern; the word has been read. */
static void parse_include(struct parser *p, struct section *section, const struct token *word)
{
    struct lexed_value value;
    enum lexed result = lexer_pattern(&p->lexer, p->scratch, &value);
    if (result != LEXED_OK)
        complain_value(p, result, &value);
    else if (!value.present || value.len == 0)
        complain(p, &word->place, "the file to include is missing");
    else if (value.len >= PATH_MAX)
        complain(p, &value.place, "this path is too long");
    else
        read_pattern(p, section, &value);
}

/* A statement that begins with a name. */
static void parse_statement(struct parser *p, struct section *section, const struct token *name,
                            unsigned depth)
{
    int after = lexer_peek(&p->lexer);
    if (is_named("include", name->text) && after != '=' && after != '{' && after != ':') {
        parse_include(p, section, name);
        return;
    }
    if (name->text.len > SETTINGS_NAME_MAX) {
        complain(p, &name->place, "this name is longer than 256 characters");
        return;
    }
    struct token token;
    next_token(p, &token, false);
    if (token.kind == TOKEN_EQUALS) {
        parse_value(p, section, name);
        return;
    }
    if (token.kind == TOKEN_NEWLINE) {
        struct lexer mark =
            p->lexer; /* `name`, and its `{` on a later line; else the mistake is in this line */
        next_token(p, &token, true);
        if (token.kind != TOKEN_OPEN && token.kind != TOKEN_COLON) {
            p->lexer = mark;
            problem_add(p->s->problems, PROBLEM_ERROR, &name->place,
                        "`=` or `{` is missing behind this name");
            return;
        }
    }
    if (token.kind == TOKEN_OPEN || token.kind == TOKEN_COLON)
        parse_section(p, section, name, token, depth);
    else if (token.kind == TOKEN_DOT)
        complain(p, &token.place,
                 "a name cannot hold a dot; open a section for what stands before it");
    else
        complain(p, &token.place, "`=` or `{` is expected here");
}

/* Why a token cannot begin a statement. */
static const char *misplaced(enum token_kind kind)
{
    /* clang-format off */
    static const char *const text[] = {
        [TOKEN_OPEN] = "the name of a section is missing before `{`",
        [TOKEN_COLON] = "the name of a section is missing before `:`",
        [TOKEN_COMMA] = "a comma stands here without need",
        [TOKEN_DOT] = "a name cannot begin with a dot",
        [TOKEN_EQUALS] = "the name of a key is missing before `=`",
        [TOKEN_STRING] = "a string cannot stand here; only values are quoted",
        [TOKEN_BAD] = "a control character",
    };
    /* clang-format on */
    return text[kind] ? text[kind] : "unexpected";
}

/* A mistake in the nesting. What follows from it is not said again. */
static void complain_nesting(struct parser *p, const struct place *where,
                             const struct token *section, const char *what)
{
    if (p->s->broken)
        return;
    p->s->broken = true;
    if (section)
        problem_add(p->s->problems, PROBLEM_ERROR, where, "section `%.*s` %s",
                    (int)section->text.len, (const char *)section->text.at, what);
    else
        problem_add(p->s->problems, PROBLEM_ERROR, where, "%s", what);
}

/*
 * settings := (section | keyvalue | include)*. `opened` is the name of the section, NULL at the
 * top of a file.
 */
static void parse_statements(struct parser *p, struct section *section, const struct token *opened,
                             unsigned depth)
{
    struct token token;
    while (!p->s->full) {
        next_token(p, &token, true);
        switch (token.kind) {
        case TOKEN_NAME:
            parse_statement(p, section, &token, depth);
            break;
        case TOKEN_END:
            if (opened)
                complain_nesting(p, &opened->place, opened, "is not closed: its `}` is missing");
            return;
        case TOKEN_CLOSE:
            if (opened)
                return;
            complain_nesting(p, &token.place, NULL, "`}` closes nothing here");
            break;
        default:
            complain(p, &token.place, misplaced(token.kind));
        }
    }
}

/* ---- files ----------------------------------------------------------------------------------- */

/* Parse a text into a section. The text must live as long as the tree. */
static void parse_text(struct settings *s, struct section *section, const char *file,
                       struct bytes text)
{
    struct parser p = {.s = s, .lexer = lexer_make(file, text), .scratch = malloc(text.len + 1)};
    if (!p.scratch) {
        say_full(s, NULL);
        return;
    }
    parse_statements(&p, section, NULL, 0);
    wipe(p.scratch, text.len + 1);
    free(p.scratch);
}

/* Keep a text for as long as the tree; it takes over `at`, which malloc made. */
static bool keep_text(struct settings *s, char *at, size_t len)
{
    struct text_block *block = malloc(sizeof *block);
    if (!block) {
        wipe(at, len);
        free(at);
        say_full(s, NULL);
        return false;
    }
    *block = (struct text_block){.next = s->texts, .at = at, .len = len};
    s->texts = block;
    return true;
}

/* The whole of a file, or NULL with errno set. */
static char *read_all(const char *path, size_t *len)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return NULL;
    struct stat st;
    char *at = NULL;
    int result = fstat(fileno(f), &st);
    if (result == 0 && !S_ISREG(st.st_mode))
        errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
    else if (result == 0 && st.st_size > SETTINGS_FILE_MAX)
        errno = EFBIG;
    else if (result == 0)
        at = malloc((size_t)st.st_size + 1);
    if (at)
        *len = fread(at, 1, (size_t)st.st_size, f);
    int error = errno;
    fclose(f);
    errno = error;
    return at;
}

/* Is this very file being read further out? */
static bool is_open(const struct settings *s, const char *path)
{
    struct stat a, b;
    if (stat(path, &a) != 0)
        return false;
    for (uint32_t i = 0; i < s->open_count; i++) {
        if (stat(s->open[i], &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
            return true;
    }
    return false;
}

/* Read a file into a section; `where` is the include that asks for it, or NULL. */
static void read_into(struct settings *s, struct section *section, const char *path,
                      const struct place *where)
{
    struct place itself = {.file = path};
    const struct place *blame = where ? where : &itself;
    const char *fault = is_open(s, path)                                 ? "includes itself"
                        : s->open_count > SETTINGS_INCLUDE_DEPTH_MAX - 1 ? "is included too deeply"
                        : ++s->files > SETTINGS_FILES_MAX                ? "is one file too many"
                                                                         : NULL;
    size_t len = 0;
    char *text = fault ? NULL : read_all(path, &len);
    if (!text) {
        fault = fault ? fault : strerror(errno);
        if (where)
            problem_add(s->problems, PROBLEM_ERROR, blame, "%s: %s", path, fault);
        else
            problem_add(s->problems, PROBLEM_ERROR, blame, "cannot be read: %s", fault);
        return;
    }
    char *name = memory_text(&s->arena, bytes_str(path));
    if (!name)
        say_full(s, blame);
    if (!keep_text(s, text, len) || !name)
        return;
    s->open[s->open_count++] = name;
    parse_text(s, section, name, bytes_make(text, len));
    s->open_count--;
}

/*
 * A pattern without a wildcard that names no file is probably a mistake; with one it is an empty
 * folder.
 */
static void warn_no_match(struct parser *p, const struct lexed_value *value, const char *pattern)
{
    if (!strpbrk(pattern, "*?["))
        problem_add(p->s->problems, PROBLEM_WARNING, &value->place, "%s: no such file", pattern);
}

/* The files of a pattern, relative to the including file's folder, in the order of their names. */
static void read_pattern(struct parser *p, struct section *section, const struct lexed_value *value)
{
    if (!p->s->may_include) {
        complain(p, &value->place, "files cannot be included here");
        return;
    }
    const char *slash = strrchr(p->lexer.file, '/');
    bool relative = p->scratch[0] != '/' && slash;
    char *pattern = NULL;
    if (asprintf(&pattern, "%.*s%.*s", relative ? (int)(slash - p->lexer.file + 1) : 0,
                 p->lexer.file, (int)value->len, (const char *)p->scratch) < 0) {
        say_full(p->s, &value->place);
        return;
    }
    glob_t found;
    int result = glob(pattern, 0, NULL, &found);
    if (result == GLOB_NOMATCH)
        warn_no_match(p, value, pattern);
    else if (result != 0)
        problem_add(p->s->problems, PROBLEM_ERROR, &value->place, "%s: cannot be searched",
                    pattern);
    for (size_t i = 0; result == 0 && i < found.gl_pathc && !p->s->full; i++)
        read_into(p->s, section, found.gl_pathv[i], &value->place);
    if (result == 0)
        globfree(&found);
    free(pattern);
}

void settings_read_file(struct settings *s, const char *path)
{
    s->may_include = true;
    read_into(s, &s->root, path, NULL);
}

void settings_read_text(struct settings *s, const char *file, struct bytes text)
{
    s->may_include = false;
    char *copy = malloc(text.len + 1);
    if (!copy) {
        say_full(s, NULL);
        return;
    }
    if (text.len > 0)
        memcpy(copy, text.at, text.len);
    if (keep_text(s, copy, text.len))
        parse_text(s, &s->root, file, bytes_make(copy, text.len));
}

/* ---- a tree that was no text ----------------------------------------------------------------- */

static struct token origin_token(struct bytes name, const char *origin)
{
    return (struct token){.kind = TOKEN_NAME, .text = name, .place = {.file = origin}};
}

/* Files cannot nest or name things beyond these limits; the rest of the program relies on it. */
static bool fits(struct settings *s, const struct section *parent, const struct token *name)
{
    unsigned depth = 0;
    for (const struct section *at = parent; at->parent; at = at->parent)
        depth++;
    if (depth < SETTINGS_DEPTH_MAX && name->text.len <= SETTINGS_NAME_MAX)
        return true;
    problem_add(s->problems, PROBLEM_ERROR, &name->place,
                depth < SETTINGS_DEPTH_MAX ? "a name is longer than 256 characters"
                                           : "sections are nested too deeply");
    return false;
}

struct section *settings_add_section(struct settings *s, struct section *parent, struct bytes name,
                                     const char *origin)
{
    struct token token = origin_token(name, origin);
    parent = parent ? parent : &s->root;
    return fits(s, parent, &token) ? add_section(s, parent, &token) : NULL;
}

/* A key with room for `len` octets of value. */
static struct setting *add_key(struct settings *s, struct section *owner, struct bytes name,
                               size_t len, const char *origin, char **room)
{
    struct token token = origin_token(name, origin);
    if (!fits(s, owner, &token))
        return NULL;
    struct setting *setting = add_setting(s, owner, &token);
    *room = setting ? arena_take(&s->arena, len + 1) : NULL;
    if (!*room) {
        say_full(s, &token.place);
        return NULL;
    }
    setting->place = setting->value_place = token.place;
    setting->value = *room;
    setting->len = len;
    return setting;
}

bool settings_add_value(struct settings *s, struct section *owner, struct bytes name,
                        struct bytes value, const char *origin)
{
    char *room;
    struct setting *setting = add_key(s, owner, name, value.len, origin, &room);
    if (!setting)
        return false;
    if (value.len > 0)
        memcpy(room, value.at, value.len);
    setting->form = SETTING_VALUE;
    return true;
}

bool settings_add_list(struct settings *s, struct section *owner, struct bytes name,
                       const struct bytes *items, size_t count, const char *origin)
{
    size_t len = 0;
    char *room;
    for (size_t i = 0; i < count; i++)
        len += items[i].len + (i > 0);
    struct setting *setting = add_key(s, owner, name, len, origin, &room);
    struct bytes *kept = setting ? ARENA_ARRAY(&s->arena, struct bytes, count) : NULL;
    if (!kept)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            *room++ = ',';
        if (items[i].len > 0)
            memcpy(room, items[i].at, items[i].len);
        kept[i] = bytes_make(room, items[i].len);
        room += items[i].len;
    }
    setting->form = SETTING_LIST;
    setting->item = kept;
    setting->item_count = (uint32_t)count;
    return true;
}

/* ---- references ------------------------------------------------------------------------------ */

static struct section *find_path(struct settings *s, const char *path)
{
    struct section *at = &s->root;
    while (at && *path) {
        const char *dot = strchr(path, '.');
        size_t len = dot ? (size_t)(dot - path) : strlen(path);
        at = find_section(s, at, bytes_make(path, len));
        path += len + (dot != NULL);
    }
    return at;
}

enum { WALK_NEW,
       WALK_NOW,
       WALK_DONE };

static void mark_referred(struct section *section)
{
    for (struct section *at = section; at && !at->referred;
         at = (struct section *)(uintptr_t)at->parent)
        at->referred = true;
}

/* Depth-first: find the targets, and refuse circles and chains without end. */
static void walk_references(struct settings *s, struct section *section, unsigned depth)
{
    section->walk = WALK_NOW;
    for (struct reference *r = section->references; r; r = r->next) {
        r->target = find_path(s, r->path);
        const char *fault = !r->target                    ? "does not exist"
                            : r->target == section        ? "is the section itself"
                            : r->target->walk == WALK_NOW ? "leads back to this section"
                            : depth >= REFERENCE_DEPTH_MAX
                                ? "continues a chain of references that is too long"
                                : NULL;
        if (fault) {
            problem_add(s->problems, PROBLEM_ERROR, &r->place,
                        "the section `%s` that is referred to %s", r->path, fault);
            r->target = NULL;
            continue;
        }
        mark_referred(r->target);
        if (r->target->walk == WALK_NEW)
            walk_references(s, r->target, depth + 1);
    }
    section->walk = WALK_DONE;
}

static void walk_sections(struct settings *s, struct section *section)
{
    if (section->walk == WALK_NEW)
        walk_references(s, section, 0);
    for (struct section *sub = section->sections; sub; sub = sub->next)
        walk_sections(s, sub);
}

bool settings_finish(struct settings *s)
{
    if (!s->broken)
        walk_sections(s, &s->root);
    return !s->broken;
}

/* ---- views ----------------------------------------------------------------------------------- */

static bool has_layer(const struct view *v, const struct section *section)
{
    for (uint32_t i = 0; i < v->count; i++) {
        if (v->layer[i] == section)
            return true;
    }
    return false;
}

/* Add a section and what it inherits from, once each. */
static void add_layers(const struct settings *s, struct view *v, struct section *section)
{
    if (has_layer(v, section))
        return;
    if (v->count == SETTINGS_LAYERS_MAX) {
        if (!section->reported)
            problem_add(s->problems, PROBLEM_ERROR, &section->place,
                        "too many sections are inherited through references here");
        section->reported = true;
        return;
    }
    v->layer[v->count++] = section;
    for (struct reference *r = section->references; r; r = r->next) {
        if (r->target)
            add_layers(s, v, r->target);
    }
}

void settings_root(struct settings *s, struct view *out)
{
    *out = (struct view){.count = 0};
    add_layers(s, out, &s->root);
}

struct setting *view_setting(const struct settings *s, const struct view *v, const char *name)
{
    for (uint32_t i = 0; i < v->count; i++) {
        struct setting *setting = find_setting(s, v->layer[i], bytes_str(name));
        if (setting)
            return setting->value ? setting : NULL;
    }
    return NULL;
}

bool view_section(const struct settings *s, const struct view *v, const char *name,
                  struct view *out)
{
    struct view found = {.count = 0};
    for (uint32_t i = 0; i < v->count; i++) {
        struct section *section = find_section(s, v->layer[i], bytes_str(name));
        if (section)
            add_layers(s, &found, section);
    }
    *out = found;
    return out->count > 0;
}

static bool is_setting_shadowed(const struct settings *s, const struct view *v, uint32_t below,
                                const char *name)
{
    for (uint32_t i = 0; i < below; i++) {
        if (find_setting(s, v->layer[i], bytes_str(name)))
            return true;
    }
    return false;
}

static bool is_section_shadowed(const struct settings *s, const struct view *v, uint32_t below,
                                const char *name)
{
    for (uint32_t i = 0; i < below; i++) {
        if (find_section(s, v->layer[i], bytes_str(name)))
            return true;
    }
    return false;
}

struct setting *view_next_setting(const struct settings *s, const struct view *v,
                                  struct view_at *at)
{
    for (; at->layer < v->count; at->layer++, at->started = false) {
        at->setting = at->started ? at->setting->next : v->layer[at->layer]->settings;
        at->started = true;
        while (at->setting &&
               (!at->setting->value || is_setting_shadowed(s, v, at->layer, at->setting->name)))
            at->setting = at->setting->next;
        if (at->setting)
            return at->setting;
    }
    return NULL;
}

struct section *view_next_section(const struct settings *s, const struct view *v,
                                  struct view_at *at)
{
    for (; at->layer < v->count; at->layer++, at->started = false) {
        at->section = at->started ? at->section->next : v->layer[at->layer]->sections;
        at->started = true;
        while (at->section && is_section_shadowed(s, v, at->layer, at->section->name))
            at->section = at->section->next;
        if (at->section)
            return at->section;
    }
    return NULL;
}
