/* Certificates made on the spot: an authority, and certificates signed by it. */
#ifndef ZR_TEST_RPC_CERT_H
#define ZR_TEST_RPC_CERT_H

struct cert {
  char pem[4096];
  char key_pem[4096];
  void *x509;
  void *pkey;
};

/* `issuer` NULL: signed by itself, an authority. `san` as OpenSSL writes it: "DNS:localhost". */
void cert_make(struct cert *c, const char *common_name, const char *san, const struct cert *issuer);
/* Its common name and its one DNS name are `head`, a NUL, `tail`. */
void cert_make_with_nul(struct cert *c, const char *head, const char *tail,
                        const struct cert *issuer);
void cert_free(struct cert *c);

#endif
