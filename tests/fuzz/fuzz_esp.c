/*
 * fuzz_esp: a live user-space data plane, hostile on both sides.
 *
 * The first octet chooses a Child SA (the low two bits) and what the rest is:
 *     0x00  a packet from the wire; the SPI is put in, so that it reaches the SA
 *     0x40  plaintext that the peer seals correctly, trailer included
 *     0x80  the same, but with a right trailer; the second octet is the next header
 *     0xc0  a packet from the device
 *     0xc4  the same, behind a header of offloads (struct virtio_net_hdr)
 */
#include "fuzz.h"

#include <linux/virtio_net.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/ossl.h"
#include "dataplane/tun.h"
#include "esp/esp.h"

enum {
    SUITES = 4,
    INPUT_MAX = 2000,
};

/* clang-format off */
static const struct suite {
    const char *encr, *integ;
    bool esn, transport;
} suites[SUITES] = {
    {"aes128gcm16",      NULL,     false, false},
    {"aes128",           "sha256", true,  false},
    {"chacha20poly1305", NULL,     true,  true},
    {"aes256ctr",        "sha1",   false, true},
};
/* clang-format on */

static struct crypto *crypto;
static struct dataplane *plane;
static int kernel;
static struct esp_pool pool;
static struct esp_out peer[SUITES]; /* what the peer seals with */
static const struct ike_path path = {.local = {{ADDR_V4, {192, 0, 2, 1}}, 4500},
                                     .remote = {{ADDR_V4, {192, 0, 2, 2}}, 4500},
                                     .encap = true};

static void drop(void *self, const struct ike_path *to, const struct bytes *packets, size_t count)
{
    (void)self, (void)to;
    for (size_t i = 0; i < count; i++) {
        if (packets[i].len < ESP_HEADER_LEN)
            abort();
    }
}

/*
 * The selectors allow everything, but through one of the suites only TCP and UDP ports up to 1023,
 * so that the matching works.
 */
static void install(uint32_t i)
{
    static const struct selector all[] = {
        {.family = ADDR_V4, .to = {255, 255, 255, 255}, .to_port = UINT16_MAX},
        {.family = ADDR_V6, .to = {255, 255, 255, 255, 255, 255, 255, 255}, .to_port = 1023}};
    const struct suite *s = &suites[i];
    struct ike_plane p = {.op = PLANE_ADD};
    p.child = (struct plane_child){
        .id = i + 1,
        .spi_in = i + 1,
        .spi_out = i + 1,
        .encr = alg_by_keyword(bytes_str(s->encr)),
        .integ = s->integ ? alg_by_keyword(bytes_str(s->integ)) : NULL,
        .esn = s->esn,
        .transport = s->transport,
        .encap = true,
        .path = path,
        .local_ts = {2, all},
        .remote_ts = {2, all},
        .replay_window = 64,
    };
    p.in.encr.len = p.out.encr.len = (uint8_t)(p.child.encr->key_len + p.child.encr->salt_len);
    p.in.integ.len = p.out.integ.len = (uint8_t)(p.child.integ ? p.child.integ->key_len : 0);
    struct esp_params out = {
        .crypto = crypto,
        .encr = p.child.encr,
        .integ = p.child.integ,
        .encr_key = &p.in.encr,
        .integ_key = &p.in.integ,
        .spi = i + 1,
        .esn = s->esn,
    };
    if (!plane->apply(plane->self, 0, &p) || !esp_out_make(&peer[i], &out, &pool))
        abort();
}

static void set_up(void)
{
    int fd[2];
    struct plane_output output = {NULL, drop};
    crypto = ossl_crypto_new();
    if (!crypto || socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fd) != 0)
        abort();
    kernel = fd[1];
    pool = esp_pool_make(crypto);
    plane = tun_new_on(crypto, &output, fd[0], true);
    for (uint32_t i = 0; i < SUITES; i++)
        install(i);
}

/* In a block of exact size, so that the address sanitizer sees each octet beyond. */
static void from_wire(const uint8_t *data, size_t len)
{
    uint8_t *packet = malloc(len ? len : 1);
    memcpy(packet, data, len);
    plane->esp_input(plane->self, IKE_SECOND, &path, packet, len);
    plane->esp_flush(plane->self);
    free(packet);
}

static void from_wire_to_sa(struct esp_out *sa, uint8_t *at, size_t len)
{
    if (len >= 4)
        put_u32(at, sa->spi);
    from_wire(at, len);
}

/*
 * Seal plaintext that has a trailer already, whatever it is; RFC 4303 2.2.1 and RFC 4106 5 for what
 * is authenticated with it.
 */
static void from_peer_raw(struct esp_out *sa, uint8_t *at, size_t len)
{
    uint8_t *iv = at - sa->form.iv_len, *start = iv - ESP_HEADER_LEN, aad[12];
    struct bytes cover = {aad, 8}, tail = BYTES_NONE;
    len -= len % sa->form.align;
    put_u32(start, sa->spi);
    put_u32(start + 4, (uint32_t)++sa->seq);
    memset(iv, (int)(sa->seq & 0xff), sa->form.iv_len);
    memcpy(aad, start, 8);
    if (sa->form.esn && sa->form.aead) {
        put_u64(aad + 4, sa->seq);
        cover.len = 12;
    } else if (sa->form.esn) {
        put_u32(aad + 8, (uint32_t)(sa->seq >> 32));
        tail = bytes_make(aad + 8, 4);
    }
    if (crypto->packet_seal(crypto->self, sa->cipher, cover, tail, iv, at, len, at + len) !=
        CRYPTO_OK)
        abort();
    from_wire(start, (size_t)(at + len - start) + sa->form.icv_len);
}

/* A payload with a right trailer; the first octet is the next header. */
static void from_peer(struct esp_out *sa, uint8_t *at, size_t len)
{
    struct bytes packet;
    if (esp_seal(sa, at + 1, len - 1, at[0], &packet) != ESP_OK)
        abort();
    from_wire(packet.at, packet.len);
}

/* An empty header before it, if it brings none. */
static void from_device(const uint8_t *at, size_t len, bool has_header)
{
    static uint8_t packet[sizeof(struct virtio_net_hdr) + INPUT_MAX];
    size_t header_len = has_header ? 0 : sizeof(struct virtio_net_hdr);
    memset(packet, 0, header_len);
    memcpy(packet + header_len, at, len);
    if (send(kernel, packet, header_len + len, 0) == (ssize_t)(header_len + len))
        plane->readable(plane->self, IKE_SECOND, plane->descriptors(plane->self)[0]);
}

/* What came out of the device, and reports, are taken so that no queue fills up. */
static void take_results(void)
{
    uint8_t packet[66000];
    struct plane_report report;
    while (recv(kernel, packet, sizeof packet, 0) > 0)
        ;
    while (plane->report(plane->self, &report))
        ;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const way[])(struct esp_out *, uint8_t *,
                               size_t) = {from_wire_to_sa, from_peer_raw, from_peer};
    static uint8_t buffer[ESP_HEADROOM + INPUT_MAX + ESP_TAILROOM];
    if (!plane)
        set_up();
    if (size < 2 || size > INPUT_MAX)
        return 0;
    struct esp_out *sa = &peer[data[0] % SUITES];
    uint8_t *rest = buffer + ESP_HEADROOM;
    memcpy(rest, data + 1, size - 1);
    if (data[0] >= 0xc0)
        from_device(rest, size - 1, data[0] & 4);
    else
        way[data[0] >> 6](sa, rest, size - 1);
    take_results();
    return 0;
}
