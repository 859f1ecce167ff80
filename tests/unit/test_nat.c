/* nat: SHA-1(SPIi | SPIr | IP | port) of RFC 7296 2.23; the expected values come from Python's hashlib. */
#include "../support/unit.h"

#include "ike/nat.h"

struct row {
    uint64_t spi_i, spi_r;
    struct endpoint from;
    uint8_t hash[NAT_HASH_LEN];
};

/* clang-format off */
static const struct row rows[] = {
    {UINT64_C(0x0102030405060708), 0, {{ADDR_V4, {192, 0, 2, 1}}, 500},
     {0x64, 0x4b, 0x45, 0x75, 0x45, 0x5b, 0xd6, 0xfc, 0xc1, 0xef, 0xe2, 0xbe, 0x81, 0x62, 0xa9, 0x21, 0x8e, 0x44, 0x8e, 0x5f}},
    {UINT64_C(0x0102030405060708), UINT64_C(0xa1a2a3a4a5a6a7a8),
     {{ADDR_V6, {0x20, 0x01, 0x0d, 0xb8, [15] = 1}}, 4500},
     {0x0e, 0x47, 0xd8, 0x07, 0x5a, 0xc8, 0x95, 0xac, 0x34, 0x1a, 0xc2, 0x7d, 0x9f, 0x35, 0xd5, 0xd5, 0xa3, 0x39, 0x1d, 0x76}},
    {UINT64_MAX, UINT64_MAX, {{ADDR_V4, {255, 255, 255, 255}}, 65535},
     {0x2c, 0x21, 0x49, 0xff, 0xf3, 0x93, 0xb0, 0x47, 0x0a, 0x45, 0x62, 0x11, 0x58, 0x15, 0x23, 0x7b, 0x02, 0x33, 0xb4, 0x99}},
    {0, 0, {{ADDR_NONE, {0}}, 0},
     {0xa7, 0x70, 0xe9, 0x27, 0xc7, 0x1c, 0x77, 0xa0, 0xa9, 0xba, 0x32, 0xe1, 0x2c, 0xd7, 0xea, 0xe0, 0x71, 0x48, 0xf0, 0xe7}},
};
/* clang-format on */

static void hashes_are_those_of_sha1(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t hash[NAT_HASH_LEN];
        nat_hash(rows[i].spi_i, rows[i].spi_r, &rows[i].from, hash);
        assert_memory_equal(hash, rows[i].hash, sizeof hash);
    }
}

static void every_input_counts(void **state)
{
    (void)state;
    const struct endpoint from = {{ADDR_V4, {192, 0, 2, 1}}, 500}, other_port = {{ADDR_V4, {192, 0, 2, 1}}, 501};
    uint8_t base[NAT_HASH_LEN], other[3][NAT_HASH_LEN];
    nat_hash(1, 2, &from, base);
    nat_hash(2, 2, &from, other[0]);
    nat_hash(1, 3, &from, other[1]);
    nat_hash(1, 2, &other_port, other[2]);
    for (int i = 0; i < 3; i++)
        assert_memory_not_equal(base, other[i], sizeof base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_are_those_of_sha1),
        cmocka_unit_test(every_input_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
