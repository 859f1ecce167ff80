/* algs: the table of algorithms for people who write proposals. */
#include "cli/cli.h"
#include "cli/json.h"
#include "cli/table.h"

#include "wire/names.h"
#include <braid/crypto.h>

#include <stdio.h>

static const char *const kinds[] = {[TRANSFORM_ENCR] = "encryption",
                                    [TRANSFORM_PRF] = "prf",
                                    [TRANSFORM_INTEG] = "integrity",
                                    [TRANSFORM_KE] = "key exchange"};

static bool has(const struct alg *alg, uint32_t flag)
{
    return (alg->flags & flag) != 0;
}

static bool is_wanted(const struct alg *alg, const char *word)
{
    return !word || strstr(alg->keyword, word) || strstr(alg->name, word) ||
           strstr(kinds[alg->type], word);
}

static const char *remark(const struct alg *alg)
{
    if (has(alg, ALG_POST_QUANTUM))
        return "withstands quantum computers";
    if (alg->type == TRANSFORM_KE)
        return "falls to quantum computers";
    if (has(alg, ALG_OLD))
        return "for old peers only";
    return has(alg, ALG_AEAD) ? "AEAD" : "";
}

static void show_row(struct table *table, const struct alg *alg)
{
    char bits[16] = "";
    if (alg->strength)
        snprintf(bits, sizeof bits, "%u", alg->strength);
    table_add(table, LOOK_PLAIN,
              (const char *[]){kinds[alg->type], alg->keyword, alg->name, bits, remark(alg)});
    if (alg->type == TRANSFORM_KE)
        table_look(table, 4, has(alg, ALG_POST_QUANTUM) ? LOOK_GOOD : LOOK_WARN);
}

static json_t *row_object(const struct alg *alg)
{
    return json_pack("{s:s, s:s, s:s, s:i, s:i, s:i, s:b, s:b, s:b, s:b}", "kind", kinds[alg->type],
                     "keyword", alg->keyword, "name", alg->name, "id", (int)alg->id, "key-bits",
                     (int)alg->key_bits, "strength", (int)alg->strength, "aead", has(alg, ALG_AEAD),
                     "post-quantum", has(alg, ALG_POST_QUANTUM), "ike", has(alg, ALG_IKE), "esp",
                     has(alg, ALG_ESP));
}

enum exit_code cmd_algs(struct cli *cli)
{
    const char *word = NULL;
    const struct alg *alg;
    size_t count = 0;
    if (!cli_arguments(cli, NULL, &word))
        return EXIT_USAGE;
    struct table table = table_make(5);
    json_t *list = cli->json ? json_array() : NULL;
    table_add(&table, LOOK_DIM, (const char *[]){"kind", "word", "name", "bits", ""});
    for (size_t i = 0; (alg = alg_at(i)) != NULL; i++) {
        if (!is_wanted(alg, word))
            continue;
        count++;
        if (list)
            json_array_append_new(list, row_object(alg));
        else
            show_row(&table, alg);
    }
    if (list)
        json_show(json_pack("{s:i, s:o}", "schema", 1, "algorithms", list));
    if (!list && count > 0)
        table_print(&table, stdout, 0);
    else
        table_free(&table);
    if (count == 0)
        fprintf(stderr, "braid: no algorithm has to do with `%s`\n", word);
    return count > 0 ? EXIT_GOOD : EXIT_FAILED;
}
