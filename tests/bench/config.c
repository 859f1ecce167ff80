/*
 * config: how long configurations take to be loaded, and whether ten times as many take ten times
 * as long. Both ways in: a file, and load-conn messages of the control protocol.
 *
 *     source        what is loaded
 *     connections   how many
 *     ms            until the snapshot is there; the best of three
 *     us each       the same for one
 *
 * The last lines are the goals: 10,000 connections in 2 s, and a ratio to 1,000 of no more than 15
 * (10 is linear; caches make it a little more).
 */
#include "config/load.h"
#include "vici/read.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { FEW = 1000,
       MANY = 10000,
       ROUNDS = 3,
       RATIO_GOAL = 15 };
#define MS_GOAL 2000.0

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void fail(const char *what)
{
    fprintf(stderr, "bench-config: %s\n", what);
    exit(1);
}

/* ---- a file ---------------------------------------------------------------------------------- */

static char *make_file(int count, size_t *len)
{
    char *text = NULL;
    FILE *to = open_memstream(&text, len);
    fprintf(to, "connections {\n");
    for (int i = 0; i < count; i++)
        fprintf(to,
                "  site%d {\n    remote_addrs = 10.%d.%d.1\n"
                "    proposals = aes256gcm16-prfsha384-x25519-ke1_mlkem768, default\n"
                "    local { auth = psk\n id = gate.example }\n"
                "    remote { auth = psk\n id = site%d.example }\n"
                "    children { net { remote_ts = 10.%d.%d.0/24\n start_action = none } }\n  }\n",
                i, i / 250, i % 250, i, i / 250, i % 250);
    fprintf(to, "}\nsecrets {\n");
    for (int i = 0; i < count; i++)
        fprintf(to, "  ike-%d { id = site%d.example\n secret = 0x%032x }\n", i, i, (unsigned)i);
    fprintf(to, "}\n");
    fclose(to);
    return text;
}

static double load_file(int count)
{
    size_t len;
    char *text = make_file(count, &len);
    struct problem_list problems;
    problem_list_init(&problems);
    double began = now_ms();
    struct loaded *l = config_load_text(bytes_make(text, len), BYTES_NONE, &problems);
    double took = now_ms() - began;
    if (!l || l->config->conn_count != count || l->secrets.count != (uint32_t)count)
        fail("the file is not loaded");
    loaded_free(l);
    problem_list_free(&problems);
    free(text);
    return took;
}

/* ---- messages -------------------------------------------------------------------------------- */

static void put_list(struct vici_out *o, const char *name, const char *value)
{
    vici_list(o, name);
    vici_item_str(o, value);
    vici_list_end(o);
}

static void put_auth(struct vici_out *o, const char *name, const char *id)
{
    vici_section(o, name);
    vici_key_str(o, "auth", "psk");
    vici_key_str(o, "id", id);
    vici_section_end(o);
}

static struct bytes make_message(struct vici_out *o, int i)
{
    char text[64];
    struct bytes segment;
    vici_begin(o, VICI_CMD_RESPONSE, NULL);
    snprintf(text, sizeof text, "10.%d.%d.1", i / 250, i % 250);
    put_list(o, "remote_addrs", text);
    put_list(o, "proposals", "aes256gcm16-prfsha384-x25519-ke1_mlkem768");
    put_auth(o, "local", "gate.example");
    snprintf(text, sizeof text, "site%d.example", i);
    put_auth(o, "remote", text);
    vici_section(o, "children");
    vici_section(o, "net");
    put_list(o, "remote_ts", "10.0.0.0/24");
    vici_section_end(o);
    vici_section_end(o);
    if (!vici_finish(o, &segment))
        fail("a message is not built");
    return bytes_make(segment.at + 5, segment.len - 5);
}

static double load_messages(int count)
{
    struct vici_out o;
    struct vici_refusal why;
    struct problem_list problems;
    struct loaded **all = calloc((size_t)count, sizeof *all);
    vici_out_init(&o);
    problem_list_init(&problems);
    double began = now_ms();
    for (int i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, "site%d", i);
        all[i] = vici_read_conn(bytes_str(name), make_message(&o, i), &problems, &why);
        if (!all[i])
            fail(why.text);
    }
    double took = now_ms() - began;
    for (int i = 0; i < count; i++)
        loaded_free(all[i]);
    free(all);
    vici_out_free(&o);
    problem_list_free(&problems);
    return took;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static double best(double (*load)(int count), int count)
{
    double least = 0;
    for (int i = 0; i < ROUNDS; i++) {
        double took = load(count);
        least = i == 0 || took < least ? took : least;
    }
    return least;
}

static void say_goal(const char *what, double goal, double is)
{
    printf("goal  %-64s <= %8.4g     is %8.4g     %s\n", what, goal, is, is <= goal ? "met" : "missed");
}

int main(void)
{
    /* clang-format off */
    static const struct {
        const char *name;
        double (*load)(int count);
        const char *time_goal, *ratio_goal;
    } sources[] = {
        {"file",      load_file,     "10,000 connections from a file, ms",     "the same / 1,000"},
        {"load-conn", load_messages, "10,000 connections from messages, ms",   "the same / 1,000"},
    };
    /* clang-format on */
    double few[2], many[2];
    printf("%-12s %12s %10s %10s\n", "source", "connections", "ms", "us each");
    for (size_t i = 0; i < 2; i++) {
        few[i] = best(sources[i].load, FEW);
        many[i] = best(sources[i].load, MANY);
        printf("%-12s %12d %10.1f %10.1f\n", sources[i].name, FEW, few[i], few[i] * 1e3 / FEW);
        printf("%-12s %12d %10.1f %10.1f\n", sources[i].name, MANY, many[i], many[i] * 1e3 / MANY);
    }
    printf("\n");
    for (size_t i = 0; i < 2; i++) {
        say_goal(sources[i].time_goal, MS_GOAL, many[i]);
        say_goal(sources[i].ratio_goal, RATIO_GOAL, many[i] / few[i]);
    }
    return 0;
}
