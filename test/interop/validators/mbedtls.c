/* Judges the chains of a list as mbedTLS does, each line by itself. */
#include <mbedtls/oid.h>
#include <mbedtls/x509_crt.h>
#include <stdio.h>
#include <string.h>

static int judge(const char *use, const char *root_path, const char *issuing, const char *leaf, const char *host, uint32_t *flags) {
    mbedtls_x509_crt root, chain;
    mbedtls_x509_crt_init(&root);
    mbedtls_x509_crt_init(&chain);
    int server = strcmp(use, "server") == 0;
    int result = mbedtls_x509_crt_parse_file(&root, root_path);
    if (result == 0) result = mbedtls_x509_crt_parse_file(&chain, leaf);
    if (result == 0) result = mbedtls_x509_crt_parse_file(&chain, issuing);
    if (result == 0) result = mbedtls_x509_crt_verify(&chain, &root, NULL, server ? host : NULL, flags, NULL, NULL);
    const char *purpose = server ? MBEDTLS_OID_SERVER_AUTH : MBEDTLS_OID_CLIENT_AUTH;
    if (result == 0) result = mbedtls_x509_crt_check_extended_key_usage(&chain, purpose, MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH));
    if (result == 0) result = mbedtls_x509_crt_check_key_usage(&chain, MBEDTLS_X509_KU_DIGITAL_SIGNATURE);
    mbedtls_x509_crt_free(&root);
    mbedtls_x509_crt_free(&chain);
    return result;
}

int main(int count, char **arguments) {
    char line[4096];
    FILE *list = count == 2 ? fopen(arguments[1], "r") : NULL;
    if (list == NULL) return 1;
    while (fgets(line, sizeof line, list) != NULL) {
        line[strcspn(line, "\n")] = 0;
        char *rest = line, *use = strsep(&rest, "\t"), *root = strsep(&rest, "\t");
        char *issuing = strsep(&rest, "\t"), *leaf = strsep(&rest, "\t");
        uint32_t flags = 0;
        int result = judge(use, root, issuing, leaf, rest, &flags);
        if (result == 0) puts("ok");
        else printf("refused -0x%04x flags 0x%x\n", -result, flags);
    }
    return 0;
}
