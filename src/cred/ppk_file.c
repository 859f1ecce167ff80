/* ppk_file: see ppk_file.h. */
#include "cred/ppk_file.h"

#include "cred/file.h"

#include <stdlib.h>

enum { PLACES = 2 * PPK_USED_MAX };

/* A set of marks of path and identifier, each in the first free place from where it belongs. */
struct ppk_used {
    size_t count;
    uint64_t mark[PLACES]; /* 0: free */
};

struct ppk_used *ppk_used_new(void)
{
    return calloc(1, sizeof(struct ppk_used));
}

void ppk_used_free(struct ppk_used *used)
{
    free(used);
}

/* FNV-1a. Two keys of one mark: one of them is never used. */
static uint64_t mark_of(const char *path, struct bytes id)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (; *path; path++)
        h = (h ^ (uint8_t)*path) * UINT64_C(1099511628211);
    h *= UINT64_C(1099511628211);
    for (size_t i = 0; i < id.len; i++)
        h = (h ^ id.at[i]) * UINT64_C(1099511628211);
    return h ? h : 1;
}

/* Where a mark is, or would be. */
static size_t place_of(const struct ppk_used *used, uint64_t mark)
{
    size_t at = mark % PLACES;
    while (used->mark[at] != 0 && used->mark[at] != mark)
        at = (at + 1) % PLACES;
    return at;
}

static bool has_served(const struct ppk_used *used, uint64_t mark)
{
    return used->count == PPK_USED_MAX || used->mark[place_of(used, mark)] == mark;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static struct bytes next_line(struct bytes *rest)
{
    const uint8_t *end = memchr(rest->at, '\n', rest->len);
    size_t len = end ? (size_t)(end - rest->at) : rest->len;
    struct bytes line = bytes_make(rest->at, len);
    *rest = bytes_make(rest->at + len + (end != NULL), rest->len - len - (end != NULL));
    return line;
}

static struct bytes next_word(struct bytes *line)
{
    size_t at = 0, end;
    while (at < line->len && (line->at[at] == ' ' || line->at[at] == '\t'))
        at++;
    for (end = at; end < line->len && line->at[end] > ' ' && line->at[end] < 127;)
        end++;
    struct bytes word = bytes_make(line->at + at, end - at);
    *line = bytes_make(line->at + end, line->len - end);
    return word;
}

static int digit(uint8_t c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                                                   : -1;
}

static bool read_key(struct bytes hex, struct shared_secret *out)
{
    if (hex.len == 0 || hex.len % 2 || hex.len / 2 > sizeof out->data)
        return false;
    for (size_t i = 0; i < hex.len; i += 2) {
        int high = digit(hex.at[i]), low = digit(hex.at[i + 1]);
        if (high < 0 || low < 0)
            return false;
        out->data[i / 2] = (uint8_t)(high << 4 | low);
    }
    out->len = (uint16_t)(hex.len / 2);
    return true;
}

/* A line that is no key, or one that is not wanted, is passed over. */
static bool take_line(const char *path, struct bytes line, struct bytes wanted,
                      struct ppk_used *used, struct ppk_taken *out)
{
    struct bytes id = next_word(&line), hex = next_word(&line);
    uint64_t mark = mark_of(path, id);
    bool fits = id.len > 0 && id.at[0] != '#' && id.len <= PPK_ID_LEN_MAX &&
                (wanted.len == 0 || bytes_equal(id, wanted));
    if (!fits || has_served(used, mark) || !read_key(hex, &out->key))
        return false;
    memcpy(out->id, id.at, id.len);
    out->id_len = (uint8_t)id.len;
    used->mark[place_of(used, mark)] = mark;
    used->count++;
    return true;
}

bool ppk_file_take(const char *path, struct bytes id, struct ppk_used *used,
                   struct ppk_taken *out)
{
    struct bytes text;
    bool taken = false;
    if (!used || !file_read_short(path, PPK_FILE_LEN_MAX, &text))
        return false;
    struct bytes rest = text;
    while (!taken && rest.len > 0)
        taken = take_line(path, next_line(&rest), id, used, out);
    file_free(&text);
    if (!taken)
        wipe(out, sizeof *out);
    return taken;
}
