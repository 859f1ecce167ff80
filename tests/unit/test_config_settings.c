/* settings: the grammar gives the tree it should, and says where it does not fit. */
#include "../support/unit.h"

#include "config/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the tree as text: "a{k=v b{}}" ---------------------------------------------------------- */

static void dump(const struct settings *s, const struct view *v, FILE *to, unsigned depth)
{
    struct view_at at = {.layer = 0};
    const char *gap = "";
    for (struct setting *k; (k = view_next_setting(s, v, &at)) != NULL; gap = " ")
        fprintf(to, "%s%s=%s", gap, k->name, k->value);
    at = (struct view_at){.layer = 0};
    for (struct section *sub; (sub = view_next_section(s, v, &at)) != NULL; gap = " ") {
        struct view inner;
        view_section(s, v, sub->name, &inner);
        fprintf(to, "%s%s{", gap, sub->name);
        if (depth < 6)
            dump(s, &inner, to, depth + 1);
        fputc('}', to);
    }
}

static char *tree_of(struct settings *s)
{
    char *text = NULL;
    size_t len = 0;
    struct view root;
    FILE *to = open_memstream(&text, &len);
    settings_root(s, &root);
    dump(s, &root, to, 0);
    fclose(to);
    return text;
}

static void check_tree(const char *input, const char *expected)
{
    struct problem_list problems;
    problem_list_init(&problems);
    struct settings *s = settings_new(&problems);
    settings_read_text(s, "t.conf", bytes_str(input));
    assert_true(settings_finish(s));
    char *tree = tree_of(s);
    assert_string_equal(tree, expected);
    assert_int_equal(problems.errors, 0);
    free(tree);
    settings_free(s);
    problem_list_free(&problems);
}

/*
 * The first problem, with its source, is this one; `usable` says whether the tree can be read all
 * the same.
 */
static void check_problem(const char *input, const char *expected, bool usable)
{
    struct problem_list problems;
    problem_list_init(&problems);
    struct settings *s = settings_new(&problems);
    settings_read_text(s, "t.conf", bytes_str(input));
    assert_int_equal(settings_finish(s), usable);
    assert_true(problems.errors > 0);
    char *text = problem_text(problems.first, true);
    assert_string_equal(text, expected);
    free(text);
    settings_free(s);
    problem_list_free(&problems);
}

/* ---- what is right --------------------------------------------------------------------------- */

static void keys_and_sections_nest(void **state)
{
    (void)state;
    check_tree("", "");
    check_tree("a = 1", "a=1");
    check_tree("a = 1\nb=2\n", "a=1 b=2");
    check_tree("a { b = 1\n c { d = 2 } }\ne {}", "a{b=1 c{d=2}} e{}");
    check_tree("a\n{\n b = 1 }\n", "a{b=1}");
    check_tree("\xef\xbb\xbf"
               "a = 1\r\nb { c = 2\r\n}\r\n",
               "a=1 b{c=2}");
    check_tree("include = 1\n", "include=1");
}

static void values_are_joined_and_trimmed(void **state)
{
    (void)state;
    check_tree("a =   one \t two   # not this\n", "a=one two");
    check_tree("a = b = c, d:e.f\n", "a=b = c, d:e.f");
    check_tree("s { a = x }", "s{a=x}");
    check_tree("a = \"  kept  \"\n", "a=  kept  ");
    check_tree("a = \"#}{\"\n", "a=#}{");
    check_tree("a = one \"two\" three\n", "a=one two three");
    check_tree("a = \"\"\n", "a=");
    check_tree("a = \"q\\\"q \\\\ \\x\"\n", "a=q\"q \\ x");
    check_tree("a = \"l1\\nl2\\tx\"\n", "a=l1\nl2\tx");
    check_tree("a = \"one \\\ntwo\"\n", "a=one two");
    check_tree("a = \"one\ntwo\"\nb = 3\n", "a=one\ntwo b=3");
}

static void comments_go_anywhere(void **state)
{
    (void)state;
    check_tree("# one\na = 1 # two\n#three", "a=1");
    check_tree("a { # x { y = 1\n b = 2\n} # z", "a{b=2}");
}

static void what_comes_again_extends_or_replaces(void **state)
{
    (void)state;
    check_tree("a { b = 1 }\na { c = 2 }", "a{b=1 c=2}");
    check_tree("a = 1\na = 2\n", "a=2");
    check_tree("a = 1\na =\nb = 2\n", "b=2");
    check_tree("a { b { c = 1 } }\na { b { d = 2 } }", "a{b{c=1 d=2}}");
}

static void references_inherit_lazily(void **state)
{
    (void)state;
    check_tree("a : b { }\nb { k = 1 }", "a{k=1} b{k=1}");
    check_tree("b { k = 1\n l = 2 }\na : b { k = 3 }", "b{k=1 l=2} a{k=3 l=2}");
    check_tree("b { k = 1 }\na : b { k =\n }", "b{k=1} a{}");
    check_tree("x { k = 1 }\ny { k = 2\n l = 2 }\na : x, y { }", "x{k=1} y{k=2 l=2} a{k=1 l=2}");
    check_tree("d { e { k = 1 } }\na : d.e { }", "d{e{k=1}} a{k=1}");
    check_tree("b { s { k = 1\n m = 1 } }\na : b { s { k = 2 } }", "b{s{k=1 m=1}} a{s{k=2 m=1}}");
    check_tree("c { k = 1 }\nb : c { l = 2 }\na : b { }", "c{k=1} b{l=2 k=1} a{l=2 k=1}");
    check_tree("c { k = 1 }\nl : c { }\nr : c { }\na : l, r { }", "c{k=1} l{k=1} r{k=1} a{k=1}");
    check_tree("b { k = 1 }\na : b { }\na { l = 2 }", "b{k=1} a{l=2 k=1}");
    check_tree("b { k = 1 }\na\n:\nb\n{ }", "b{k=1} a{k=1}");
}

static void own_entries_come_first(void **state)
{
    (void)state;
    check_tree("b { one { }\n two { } }\na : b { three { } }",
               "b{one{} two{}} a{three{} one{} two{}}");
}

static void a_section_may_inherit_from_what_surrounds_it(void **state)
{
    (void)state;
    check_tree("a { k = 1\n x : a { } }", "a{k=1 x{k=1 x{k=1 x{k=1 x{k=1 x{k=1 x{}}}}}}}");
}

/* ---- what is wrong --------------------------------------------------------------------------- */

static void mistakes_in_a_line_are_located(void **state)
{
    (void)state;
    check_problem("a = 1\n  b c\n", "t.conf:2:5: `=` or `{` is expected here\n      b c\n        ^",
                  true);
    check_problem("a { b }", "t.conf:1:7: `=` or `{` is expected here\n    a { b }\n          ^",
                  false);
    check_problem("a\nb = 1\n", "t.conf:1:1: `=` or `{` is missing behind this name\n    a\n    ^",
                  true);
    check_problem("= 1\n", "t.conf:1:1: the name of a key is missing before `=`\n    = 1\n    ^",
                  true);
    check_problem(
        "\"a\" = 1\n",
        "t.conf:1:1: a string cannot stand here; only values are quoted\n    \"a\" = 1\n    ^",
        true);
    check_problem("a.b = 1\n",
                  "t.conf:1:2: a name cannot hold a dot; open a section for what stands before "
                  "it\n    a.b = 1\n     ^",
                  true);
    check_problem("\ta, b\n", "t.conf:1:3: `=` or `{` is expected here\n    \ta, b\n    \t ^",
                  true);
    check_problem("a = x\x01y\n",
                  "t.conf:1:6: a control character in a value\n    a = x?y\n         ^", true);
    check_problem("include\n",
                  "t.conf:1:1: the file to include is missing\n    include\n    ^~~~~~~", true);
    check_problem("include x\n",
                  "t.conf:1:9: files cannot be included here\n    include x\n            ^", true);
}

static void broken_nesting_makes_the_tree_unusable(void **state)
{
    (void)state;
    check_problem("a {\n b = 1\n",
                  "t.conf:1:1: section `a` is not closed: its `}` is missing\n    a {\n    ^",
                  false);
    check_problem("a = 1\n}\n", "t.conf:2:1: `}` closes nothing here\n    }\n    ^", false);
    check_problem("a = \"x\nb = 2\n",
                  "t.conf:1:5: this string is not closed: its second quote is missing\n    a = "
                  "\"x\n        ^",
                  false);
    check_problem("a : { }\n",
                  "t.conf:1:5: the name of a section is missing here\n    a : { }\n        ^",
                  false);
    check_problem("a : b = 1\n",
                  "t.conf:1:7: section `a` needs a `{` here, behind what it refers to\n    a : b = "
                  "1\n          ^",
                  false);
}

static void bad_references_are_errors(void **state)
{
    (void)state;
    check_problem("a : nope { }\n",
                  "t.conf:1:5: the section `nope` that is referred to does not exist\n    a : nope "
                  "{ }\n        ^~~~",
                  true);
    check_problem("a : a { }\n",
                  "t.conf:1:5: the section `a` that is referred to is the section itself\n    a : "
                  "a { }\n        ^",
                  true);
    check_problem("a : b { }\nb : a { }\n",
                  "t.conf:2:5: the section `a` that is referred to leads back to this section\n    "
                  "b : a { }\n        ^",
                  true);
}

static void nesting_is_bounded(void **state)
{
    (void)state;
    char deep[3 * 40 + 1] = "";
    for (int i = 0; i < 40; i++)
        strcat(deep, "a {");
    struct problem_list problems;
    problem_list_init(&problems);
    struct settings *s = settings_new(&problems);
    settings_read_text(s, "t.conf", bytes_str(deep));
    assert_false(settings_finish(s));
    assert_string_equal(problems.first->message, "section `a` is nested too deeply");
    assert_int_equal(problems.errors, 1);
    settings_free(s);
    problem_list_free(&problems);
}

static void long_chains_of_references_are_bounded(void **state)
{
    (void)state;
    struct problem_list problems;
    problem_list_init(&problems);
    struct settings *s = settings_new(&problems);
    char *text = malloc(200000), *at = text;
    for (int i = 0; i < 5000; i++)
        at += sprintf(at, "s%d : s%d { }\n", i, i + 1);
    sprintf(at, "s5000 { }\n");
    settings_read_text(s, "t.conf", bytes_str(text));
    assert_true(settings_finish(s));
    assert_true(problems.errors > 0);
    char *tree = tree_of(s);
    free(tree);
    free(text);
    settings_free(s);
    problem_list_free(&problems);
}

/* ---- secrets --------------------------------------------------------------------------------- */

static void no_message_shows_a_secret(void **state)
{
    (void)state;
    static const char *const inputs[] = {
        "secret = \"hunter2\n", "secret = hunter2 \x01\n", "a { secret = hunter2 } }\n",
        "secret = \"x\nhunter2\" }\n", "  Secret=hunter2\"\n", "pin = \"hunter2"};
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        struct problem_list problems;
        problem_list_init(&problems);
        struct settings *s = settings_new(&problems);
        settings_read_text(s, "t.conf", bytes_str(inputs[i]));
        settings_finish(s);
        assert_true(problems.errors > 0);
        for (struct problem *p = problems.first; p; p = p->next) {
            char *text = problem_text(p, true);
            assert_null(strstr(text, "hunter2"));
            free(text);
        }
        settings_free(s);
        problem_list_free(&problems);
    }
}

/* ---- files ----------------------------------------------------------------------------------- */

static void put_file(const char *dir, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static char *first_message(struct problem_list *problems)
{
    return problems->first ? problem_text(problems->first, false) : strdup("");
}

static void check_files(const char *dir, const char *tree, const char *message)
{
    char path[256];
    struct problem_list problems;
    problem_list_init(&problems);
    struct settings *s = settings_new(&problems);
    snprintf(path, sizeof path, "%s/main.conf", dir);
    settings_read_file(s, path);
    settings_finish(s);
    char *is = tree_of(s), *said = first_message(&problems);
    assert_string_equal(is, tree);
    if (message)
        assert_non_null(strstr(said, message));
    else
        assert_string_equal(said, "");
    free(is);
    free(said);
    settings_free(s);
    problem_list_free(&problems);
}

static void files_are_included_where_they_are_named(void **state)
{
    (void)state;
    char dir[] = "/tmp/braid-settings-XXXXXX", command[64], path[256];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/d", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    put_file(dir, "d/2.conf", "b = 2\n");
    put_file(dir, "d/1.conf", "b = 1\ninclude ../deep.conf\n");
    put_file(dir, "deep.conf", "c = 3\n");
    put_file(dir, "d/a b.conf", "e = 5\n");

    put_file(dir, "main.conf", "a {\n include d/[12].conf\n}\nd = 4\n");
    check_files(dir, "d=4 a{b=2 c=3}", NULL);
    put_file(dir, "main.conf", "include nothing/*.conf\na = 1\n");
    check_files(dir, "a=1", NULL);
    put_file(dir, "main.conf", "include \"d/a b.conf\" # quoted\ninclude d/a\\ b.conf\n");
    check_files(dir, "e=5", NULL);
    put_file(dir, "main.conf", "include nothing.conf\na = 1\n");
    check_files(dir, "a=1", "nothing.conf: no such file");
    put_file(dir, "main.conf", "a = 1\ninclude main.conf\n");
    check_files(dir, "a=1", "includes itself");
    put_file(dir, "main.conf", "include d\n");
    check_files(dir, "", "Is a directory");
    put_file(dir, "d/1.conf", "  oops\n");
    put_file(dir, "main.conf", "include d/1.conf\n");
    check_files(dir, "", "/d/1.conf:1:3: `=` or `{` is missing");

    snprintf(command, sizeof command, "rm -r %s", dir);
    assert_int_equal(system(command), 0);
}

static void ten_thousand_sections_are_read(void **state)
{
    (void)state;
    struct problem_list problems;
    problem_list_init(&problems);
    struct settings *s = settings_new(&problems);
    size_t room = 10000 * 64;
    char *text = malloc(room), *at = text;
    at += sprintf(at, "connections {\n");
    for (int i = 0; i < 10000; i++)
        at += sprintf(at, "c%d { a = %d\n b { c = d } }\n", i, i);
    sprintf(at, "}\n");
    settings_read_text(s, "t.conf", bytes_str(text));
    assert_true(settings_finish(s));
    struct view root, conns, one;
    settings_root(s, &root);
    assert_true(view_section(s, &root, "connections", &conns));
    assert_true(view_section(s, &conns, "c9999", &one));
    assert_string_equal(view_setting(s, &one, "a")->value, "9999");
    assert_false(view_section(s, &conns, "c10000", &one));
    free(text);
    settings_free(s);
    problem_list_free(&problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_and_sections_nest),
        cmocka_unit_test(values_are_joined_and_trimmed),
        cmocka_unit_test(comments_go_anywhere),
        cmocka_unit_test(what_comes_again_extends_or_replaces),
        cmocka_unit_test(references_inherit_lazily),
        cmocka_unit_test(own_entries_come_first),
        cmocka_unit_test(a_section_may_inherit_from_what_surrounds_it),
        cmocka_unit_test(mistakes_in_a_line_are_located),
        cmocka_unit_test(broken_nesting_makes_the_tree_unusable),
        cmocka_unit_test(bad_references_are_errors),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(long_chains_of_references_are_bounded),
        cmocka_unit_test(no_message_shows_a_secret),
        cmocka_unit_test(files_are_included_where_they_are_named),
        cmocka_unit_test(ten_thousand_sections_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
