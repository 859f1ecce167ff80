/* run/log: one line for one event, whatever stands in its values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "run/log.h"

static char *text;
static size_t text_len;
static char tapped[512];

static struct log open_log(bool json)
{
    struct log l = {.to = open_memstream(&text, &text_len), .json = json};
    assert_non_null(l.to);
    for (size_t i = 0; i < LOG_SUBSYSTEM_COUNT; i++)
        l.level[i] = LEVEL_INFO;
    return l;
}

/* What was written, without the time in front. */
static const char *lines(const struct log *l)
{
    fflush(l->to);
    const char *level = strstr(text, "level");
    return level ? level : "";
}

static void close_log(struct log *l)
{
    fclose(l->to);
    free(text);
}

static void an_event_is_a_line_of_fields_in_their_order(void **state)
{
    (void)state;
    struct log l = open_log(false);
    LOG(&l, NOTICE, IKE, "ike-up", F_TEXT("conn", "gw"), F_UINT("id", 7), F_HEX("spi", 0xab),
        F_TEXT("absent", NULL));
    assert_string_equal(lines(&l), "level=notice sub=ike event=ike-up conn=gw id=7 spi=00000000000000ab\n");
    close_log(&l);
}

static void hostile_values_cannot_forge_lines_or_fields(void **state)
{
    (void)state;
    struct log l = open_log(false);
    LOG(&l, WARN, IKE, "alert", F_TEXT("a", "x y=z"), F_TEXT("b", "q\"\n\x1b[0m\\"),
        F_BYTES("c", BYTES_LIT("\0\xff")), F_BYTES("d", BYTES_NONE));
    assert_string_equal(lines(&l), "level=warn sub=ike event=alert a=\"x y=z\" "
                                   "b=\"q\\\"\\u000a\\u001b[0m\\\\\" c=\"\\u0000\\u00ff\" d=\"\"\n");
    close_log(&l);
}

static void json_lines_are_objects(void **state)
{
    (void)state;
    struct log l = open_log(true);
    LOG(&l, ERROR, PLANE, "failed", F_TEXT("text", "say \"no\""), F_UINT("n", 3), F_HEX("h", 1));
    assert_string_equal(lines(&l), "level\":\"error\",\"sub\":\"plane\",\"event\":\"failed\",\"text\":\"say "
                                   "\\\"no\\\"\",\"n\":3,\"h\":\"0000000000000001\"}\n");
    assert_memory_equal(text, "{\"time\":\"20", 11);
    close_log(&l);
}

static void levels_are_kept_by_subsystem(void **state)
{
    (void)state;
    struct log l = open_log(false);
    l.level[SUB_NET] = LEVEL_DEBUG;
    l.level[SUB_IKE] = LEVEL_SILENT;
    LOG(&l, DEBUG, NET, "seen", F_UINT("n", 1));
    LOG(&l, DEBUG, PLANE, "hidden", F_UINT("n", 1));
    LOG(&l, ERROR, IKE, "hidden", F_UINT("n", 1));
    assert_string_equal(lines(&l), "level=debug sub=net event=seen n=1\n");
    close_log(&l);
}

static void a_field_that_does_not_fit_is_left_out_and_the_line_still_ends(void **state)
{
    (void)state;
    static char large[10000];
    memset(large, 'x', sizeof large - 1);
    for (int json = 0; json < 2; json++) {
        struct log l = open_log(json == 1);
        LOG(&l, INFO, DAEMON, "big", F_UINT("before", 1), F_TEXT("large", large));
        fflush(l.to);
        assert_true(text_len < 200);
        assert_null(strstr(text, "xx"));
        assert_string_equal(strstr(text, "before"), json == 1 ? "before\":1}\n" : "before=1\n");
        close_log(&l);
    }
}

static void on_line(void *self, enum log_level level, enum log_subsystem sub, const char *line)
{
    (void)self;
    snprintf(tapped, sizeof tapped, "%s/%s/%s", log_level_name(level), log_subsystem_name(sub), line);
}

static void a_tap_gets_the_fields_without_time_and_colour(void **state)
{
    (void)state;
    struct log l = open_log(false);
    l.colour = true;
    l.tap.line = on_line;
    LOG(&l, WARN, VICI, "odd", F_UINT("n", 1));
    fflush(l.to);
    assert_string_equal(tapped, "warn/vici/event=odd n=1");
    assert_non_null(strstr(text, "\033["));
    close_log(&l);
}

static void level_names_are_read_back(void **state)
{
    (void)state;
    enum log_level level;
    assert_true(log_level_parse("debug", &level) && level == LEVEL_DEBUG);
    assert_true(log_level_parse("error", &level) && level == LEVEL_ERROR);
    assert_false(log_level_parse("loud", &level));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_a_line_of_fields_in_their_order),
        cmocka_unit_test(hostile_values_cannot_forge_lines_or_fields),
        cmocka_unit_test(json_lines_are_objects),
        cmocka_unit_test(levels_are_kept_by_subsystem),
        cmocka_unit_test(a_field_that_does_not_fit_is_left_out_and_the_line_still_ends),
        cmocka_unit_test(a_tap_gets_the_fields_without_time_and_colour),
        cmocka_unit_test(level_names_are_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
