/*
 * settings: the tree that swanctl.conf, strongswan.conf and braid.conf are written in.
 *
 *     settings := (section | keyvalue | include)*
 *     section  := name [":" ref {"," ref}] "{" settings "}"
 *     keyvalue := name "=" value end-of-line
 *     include  := "include" pattern
 *
 * A section seen again extends the earlier one; a key seen again replaces its value; `key =`
 * unsets it, and with that also what would be inherited. A reference names a section from the top
 * ("defaults.base") and inherits its keys and sub-sections, lazily: whatever it holds when all
 * files have been read. Own values win, then references from left to right. Circles are errors.
 *
 * The tree is read through views. A view of a section is the list of its layers: itself and
 * everything it inherits from, in order of precedence. Every node knows file, line and column.
 * The tree owns its memory, which is wiped when it goes, for values may be secrets.
 *
 * Input may be anything: size, depth, nodes, includes are bounded.
 */
#ifndef BRAID_CONFIG_SETTINGS_H
#define BRAID_CONFIG_SETTINGS_H

#include "config/problem.h"

enum {
    SETTINGS_DEPTH_MAX = 32,         /* sections within sections */
    SETTINGS_INCLUDE_DEPTH_MAX = 10, /* files within files */
    SETTINGS_FILES_MAX = 65536,
    SETTINGS_NODES_MAX = 4000000,
    SETTINGS_NAME_MAX = 256,
    SETTINGS_VALUE_MAX = 65535, /* what a VICI value may hold */
    SETTINGS_LAYERS_MAX = 64,   /* sections one section inherits from, itself included */
    SETTINGS_FILE_MAX = 64 * 1024 * 1024,
};

struct section;

/* In a file every value is text. A message of the control protocol tells lists from single values. */
enum setting_form { SETTING_TEXT,
                    SETTING_VALUE,
                    SETTING_LIST };

struct setting {
    struct setting *next; /* in order of appearance */
    const char *name;
    const char *value; /* NULL = unset by `key =`; the items of a LIST, with commas between them */
    size_t len;
    enum setting_form form;
    const struct bytes *item; /* of a LIST, as they came: any octets */
    uint32_t item_count;
    struct place place;       /* of the name */
    struct place value_place; /* of the value */
    bool exact;               /* an offset in the value is an offset in the line */
    bool reported;            /* a problem with it was shown; heirs need not show it again */
    const struct section *owner;
    struct setting *chain; /* hash chain */
};

struct reference {
    struct reference *next;
    const char *path; /* "defaults.base" */
    struct place place;
    struct section *target; /* NULL when it leads nowhere (reported) */
};

struct section {
    struct section *next; /* in order of appearance */
    const struct section *parent;
    const char *name;
    struct place place; /* of the name, where it was opened first */
    struct setting *settings, **settings_end;
    struct section *sections, **sections_end;
    struct reference *references, **references_end;
    struct section *chain; /* hash chain */
    uint8_t walk;          /* state of the search for circles */
    bool referred;         /* a reference leads to it or into it */
    bool reported;         /* as for settings */
};

struct settings;

struct settings *settings_new(struct problem_list *problems); /* NULL: out of memory */
void settings_free(struct settings *s);

/*
 * Read a file, or a text that is named `file` in messages; all problems go to the list. Several
 * calls add up.
 */
void settings_read_file(struct settings *s, const char *path);
void settings_read_text(struct settings *s, const char *file, struct bytes text);
/*
 * After the last file: find what references lead to. True if the tree is usable: nothing was
 * wrong with its structure.
 */
bool settings_finish(struct settings *s);

/* ---- a tree that was no text ----------------------------------------------------------------- */

/*
 * Sections and keys one by one, from a message of the control protocol; `origin` stands in the place of a
 * file's name and must outlive the tree. `parent` NULL: the top. What is there already is extended
 * or replaced, as in a file. NULL or false: out of memory, or a limit (both reported).
 */
struct section *settings_add_section(struct settings *s, struct section *parent, struct bytes name,
                                     const char *origin);
bool settings_add_value(struct settings *s, struct section *owner, struct bytes name,
                        struct bytes value, const char *origin);
bool settings_add_list(struct settings *s, struct section *owner, struct bytes name,
                       const struct bytes *items, size_t count, const char *origin);

/* ---- reading the tree ------------------------------------------------------------------------ */

struct view {
    struct section *layer[SETTINGS_LAYERS_MAX];
    uint32_t count; /* 0 = there is no such section */
};

/* Where a view stands in an enumeration; zero it to begin. */
struct view_at {
    uint32_t layer;
    struct setting *setting;
    struct section *section;
    bool started;
};

void settings_root(struct settings *s, struct view *out);
/* Find by name; NULL or an empty view if there is none. An unset key is not there. */
struct setting *view_setting(const struct settings *s, const struct view *v, const char *name);
bool view_section(const struct settings *s, const struct view *v, const char *name,
                  struct view *out);
/* Next key or sub-section, each name once, unset keys left out; own ones first. NULL at the end. */
struct setting *view_next_setting(const struct settings *s, const struct view *v,
                                  struct view_at *at);
struct section *view_next_section(const struct settings *s, const struct view *v,
                                  struct view_at *at);

#endif
