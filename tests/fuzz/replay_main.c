/*
 * Replays a corpus through a fuzz target without libFuzzer: the empty input, then every file of
 * the directories and every file named on the command line.  A finding crashes or trips a
 * sanitizer, so the input is named before it is run.
 */
#include "fuzz.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static unsigned replayed;

static bool replay_file(const char *path, size_t size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(size + 1);
    bool ok = file && data && fread(data, 1, size, file) == size;

    if (ok) {
        /* An exact-size heap block, so that the address sanitizer sees one byte too far. */
        uint8_t *exact = realloc(data, size ? size : 1);
        data = exact ? exact : data;
        LLVMFuzzerTestOneInput(data, size);
        replayed++;
    } else {
        perror(path);
    }
    free(data);
    if (file)
        fclose(file);
    return ok;
}

static bool replay(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        perror(path);
        return false;
    }
    if (!S_ISDIR(st.st_mode)) {
        fprintf(stderr, "# %s\n", path);
        return replay_file(path, (size_t)st.st_size);
    }

    struct dirent **entries;
    int n = scandir(path, &entries, NULL, alphasort);
    bool ok = n >= 0;
    for (int i = 0; i < n; i++) {
        char child[4096];
        snprintf(child, sizeof child, "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.')
            ok = replay(child) && ok;
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    return ok;
}

int main(int argc, char **argv)
{
    bool ok = true;

    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    for (int i = 1; i < argc; i++)
        ok = replay(argv[i]) && ok;
    printf("1..1\n%s 1 - %u inputs and the empty one\n", ok ? "ok" : "not ok", replayed);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
