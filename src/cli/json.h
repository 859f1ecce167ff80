/*
 * json: VICI messages as JSON. Sections become objects, lists arrays, values strings; values that
 * are numbers or truths by their key become such.
 */
#ifndef BRAID_CLI_JSON_H
#define BRAID_CLI_JSON_H

#include "base/bytes.h"

#include <jansson.h>

/* A new reference, or NULL. */
json_t *json_from_vici(struct bytes message);
/* A string, whatever the octets are: what is not UTF-8 is replaced. */
json_t *json_from_bytes(struct bytes text);
/* Append a section as an object whose first member, `name`, is that of the section. */
void json_add_named(json_t *array, struct bytes name, struct bytes content);
/* Print on stdout and give the reference back. */
void json_show(json_t *value);

#endif
