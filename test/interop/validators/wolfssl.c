/* Judges the chains of a list as wolfSSL does, each line by itself; hosts are not compared. */
#include <wolfssl/options.h>
#include <wolfssl/openssl/ssl.h>
#include <stdio.h>
#include <string.h>

/* Who issued the leaf counts once it has been verified itself. */
static int judge(const char *root, const char *issuing, const char *leaf) {
    WOLFSSL_CERT_MANAGER *manager = wolfSSL_CertManagerNew();
    int result = wolfSSL_CertManagerLoadCA(manager, root, NULL);
    if (result == WOLFSSL_SUCCESS) result = wolfSSL_CertManagerVerify(manager, issuing, WOLFSSL_FILETYPE_PEM);
    if (result == WOLFSSL_SUCCESS) result = wolfSSL_CertManagerLoadCA(manager, issuing, NULL);
    if (result == WOLFSSL_SUCCESS) result = wolfSSL_CertManagerVerify(manager, leaf, WOLFSSL_FILETYPE_PEM);
    wolfSSL_CertManagerFree(manager);
    return result;
}

int main(int count, char **arguments) {
    char line[4096];
    FILE *list = count == 2 ? fopen(arguments[1], "r") : NULL;
    if (list == NULL || wolfSSL_Init() != WOLFSSL_SUCCESS) return 1;
    while (fgets(line, sizeof line, list) != NULL) {
        line[strcspn(line, "\n")] = 0;
        char *rest = line;
        strsep(&rest, "\t");
        char *root = strsep(&rest, "\t"), *issuing = strsep(&rest, "\t"), *leaf = strsep(&rest, "\t");
        int result = judge(root, issuing, leaf);
        if (result == WOLFSSL_SUCCESS) puts("ok");
        else printf("refused %d %s\n", result, wc_GetErrorString(result));
    }
    return 0;
}
