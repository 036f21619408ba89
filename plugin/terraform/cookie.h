/*
 * How a plugin host says that it is one: an environment variable with a fixed value. It is no
 * secret and no protection; it only tells a start by Terraform or OpenTofu from a start by hand.
 * Source: internal/plugin/serve.go of both hosts; the value is the same for both.
 */
#ifndef ZR_TERRAFORM_COOKIE_H
#define ZR_TERRAFORM_COOKIE_H

#include <stdbool.h>

#define ZR_TF_COOKIE_NAME "TF_PLUGIN_MAGIC_COOKIE"

/* True for the exact value; NULL is none. Any thread. */
bool zr_tf_cookie_is_right(const char *value);

#endif
